/** Compiles a filter to a predicate over records in place. */
import { parseNetwork } from '../address/network.ts';
import { FIELD_BYTES, PACKET_LOG_FIELDS } from '../record/layout.ts';
import type { RecordPredicate } from '../record/view.ts';
import type { Filter, IcmpFilter, NetworkFilter, NumberFilter, PortFilter, TermFilter } from './filter.ts';
import { simplified } from './filter-key.ts';
import { every, not, some } from './join-tests.ts';
import { listsIn } from './lists.ts';
import { rangeOf } from './ranges.ts';
import {
  always,
  byteIn,
  eitherIpv4,
  eitherPortIn,
  flagsAre,
  halfWordIn,
  icmpIn,
  ipv4At,
  ipv6At,
  never,
  noFlags,
  OFFSET,
  portIn,
  vlanIn,
  wordAt,
  wordIn,
  wordMask,
} from './record-tests.ts';

export interface FilterEnvironment {
  /** Returns the indexes of interfaces that have this name, or had it when records to be tested were made. */
  readonly indexesOf: (interfaceName: string) => Iterable<number>;
}

const NO_INTERFACES: FilterEnvironment = { indexesOf: () => [] };

/**
 * Returns a predicate that is valid as long as the environment does not change: compile again when interfaces are
 * added, removed or renamed (`interfacesNamed` returns the relevant names). Without an environment no interface has a
 * name.
 */
export function compileFilter(filter: Filter, environment: FilterEnvironment = NO_INTERFACES): RecordPredicate {
  return compile(simplified(filter), true, environment);
}

/** With `wanted` false, compiles the negation, so a "not" costs nothing. */
function compile(filter: Filter, wanted: boolean, environment: FilterEnvironment): RecordPredicate {
  switch (filter.kind) {
    case 'not':
      return compile(filter.term, !wanted, environment);
    case 'and':
    case 'or': {
      const { lists, rest } = filter.kind === 'or' ? listsIn(filter.terms) : { lists: [], rest: filter.terms };
      const tests = cheapestFirst(rest).map((term) => compile(term, wanted, environment));
      for (const list of lists) tests.push(negatedUnless(wanted, list));
      return (filter.kind === 'and') === wanted ? every(tests) : some(tests);
    }
    case 'number':
      return compileNumber(filter, wanted);
    default:
      return negatedUnless(wanted, compileTerm(filter, environment));
  }
}

function negatedUnless(wanted: boolean, test: RecordPredicate): RecordPredicate {
  return wanted ? test : not(test);
}

function compileTerm(filter: Exclude<TermFilter, NumberFilter>, environment: FilterEnvironment): RecordPredicate {
  switch (filter.kind) {
    case 'all':
      return always;
    case 'port':
      return compilePort(filter);
    case 'network':
      return compileNetwork(filter);
    case 'icmp':
      return compileIcmp(filter);
    case 'flags':
      return filter.flags === 0 && filter.exact ? noFlags : flagsAre(filter.exact ? 0xff : filter.flags, filter.flags);
    case 'interface':
      return some(
        [...environment.indexesOf(filter.name)].map((ifindex) => wordIn(OFFSET.ifindex, ifindex, ifindex, true)),
      );
  }
}

const MAX_VLAN_ID = 4095;
const FIELDS = new Map<string, { bytes: number; max: number }>(
  PACKET_LOG_FIELDS.map(({ name, type }) => [
    name,
    { bytes: FIELD_BYTES[type], max: name === 'vlan_id' ? MAX_VLAN_ID : 2 ** (8 * FIELD_BYTES[type]) - 1 },
  ]),
);

function compileNumber(filter: NumberFilter, wanted: boolean): RecordPredicate {
  const { bytes, max } = FIELDS.get(filter.field) as { bytes: number; max: number };
  const { low, high, inside } = rangeOf(filter, max);
  if (low > high || low > max) return wanted === inside ? never : always;
  if (filter.field === 'vlan_id') return vlanIn(low, Math.min(high, max), wanted === inside);
  const make = bytes === 1 ? byteIn : bytes === 2 ? halfWordIn : wordIn;
  return make(OFFSET[filter.field], low, Math.min(high, max), wanted === inside);
}

function compilePort({ side, from, to }: PortFilter): RecordPredicate {
  return side === 'either' ? eitherPortIn(from, to) : portIn(OFFSET[`${side}_port`], from, to);
}

/** A record has type and code in place of the destination port. */
function compileIcmp({ protocol, type, code }: IcmpFilter): RecordPredicate {
  const first = type * 256 + (code ?? 0);
  return icmpIn(protocol, first, code === undefined ? first + 255 : first);
}

function compileNetwork({ side, network }: NetworkFilter): RecordPredicate {
  const { family, bytes, bits } = parseNetwork(network);
  const masks = [0, 4, 8, 12].map((first) => wordMask(bits - 8 * first));
  const values = masks.map((mask, i) => wordAt(bytes, 4 * i) & mask);
  if (family === 6) {
    const [source, destination] = (['src_addr', 'dst_addr'] as const).map((name) =>
      ipv6At(OFFSET[name], masks, values),
    );
    return side === 'either'
      ? some([source as RecordPredicate, destination as RecordPredicate])
      : ((side === 'src' ? source : destination) as RecordPredicate);
  }
  const [mask, value] = [masks[3] as number, values[3] as number];
  return side === 'either' ? eitherIpv4(mask, value) : ipv4At(OFFSET[`${side}_addr`], mask, value);
}

/** Cheap terms decide for most records. */
function cheapestFirst(terms: readonly Filter[]): readonly Filter[] {
  return [...terms].sort((one, other) => costOf(one) - costOf(other));
}

function costOf(filter: Filter): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.reduce((sum, term) => sum + costOf(term), 0);
    case 'not':
      return costOf(filter.term);
    case 'network':
      return filter.side === 'either' ? 6 : 3;
    case 'port':
      return filter.side === 'either' ? 4 : 2;
    case 'interface':
    case 'icmp':
    case 'flags':
      return 2;
    default:
      return 1;
  }
}
