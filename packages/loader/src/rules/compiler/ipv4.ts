/** Compiles all IPv4 networks of a ruleset, in the order that the sweep needs. */
import { RULE_LINE } from '@packetlog/bpf';
import { blockTable } from './blocks.ts';
import type { Bounds } from './bounds.ts';
import type { NetworkGroups } from './network-groups.ts';
import { GROUPS_LIMIT } from './network-groups.ts';
import { NOWHERE, type Places } from './prefix-indexes.ts';
import { commonValues, type SourceFilter, sourceFilter } from './source-filter.ts';
import { Sweep } from './sweep.ts';
import type { Values } from './value-table.ts';

const BITS_FACTOR = 64;
/** A smaller table of blocks stays in the CPU caches without a filter. */
const FILTER_FROM_BYTES = 2 ** 13 * RULE_LINE.size;

/**
 * Returns the root table, the filter and the number of bounds of the whole IPv4 space.
 * @param bits of the root table's index; default: from the number of bounds
 * @param filterBits of the filter's index; default: the same
 * @param shared receives the bounds of blocks that have too many
 */
export function compileIpv4(
  networks: NetworkGroups,
  places: Places,
  values: Values,
  shared: Bounds,
  bits?: number,
  filterBits?: number,
): { root: Uint32Array; filter: SourceFilter | undefined; count: number } {
  const sweep = new Sweep(places, values);
  const keys = sortedKeys(networks);
  sweep.begin(NOWHERE);
  for (let i = 0; i < keys.length; ) {
    const network = Math.floor((keys[i] as number) / GROUPS_LIMIT);
    let group = (keys[i] as number) - network * GROUPS_LIMIT;
    i++;
    for (; i < keys.length && Math.floor((keys[i] as number) / GROUPS_LIMIT) === network; i++) {
      group = places.joinGroups(group, (keys[i] as number) - network * GROUPS_LIMIT);
    }
    const start = Math.floor(network / BITS_FACTOR);
    sweep.enter(start, network - start * BITS_FACTOR, group);
  }
  sweep.finish();
  const { count } = sweep.bounds;
  const common = commonValues(sweep.bounds);
  const root = blockTable(sweep.bounds, shared, common, bits);
  const useful = root.byteLength >= FILTER_FROM_BYTES;
  return { root, filter: useful ? sourceFilter(sweep.bounds, common, filterBits) : undefined, count };
}

/**
 * Packs start, length and group into the 53 bits of a number's integer range: sorting needs no comparison function and
 * no second array.
 */
function sortedKeys(networks: NetworkGroups): Float64Array {
  const count = networks.ipv4.reduce((sum, { starts }) => sum + starts.length, 0);
  const keys = new Float64Array(count);
  let at = 0;
  for (const { starts, bits, groups } of networks.ipv4) {
    for (let i = 0; i < starts.length; i++) {
      const group = typeof groups === 'number' ? groups : (groups[i] as number);
      keys[at++] = ((starts[i] as number) * BITS_FACTOR + (bits[i] as number)) * GROUPS_LIMIT + group;
    }
  }
  return keys.sort();
}
