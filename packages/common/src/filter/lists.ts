/** Tests alternative values, ports and addresses with one lookup instead of one by one. */
import { parseNetwork } from '../address/network.ts';
import { PACKET_LOG_FIELDS } from '../record/layout.ts';
import type { RecordPredicate } from '../record/view.ts';
import type { Filter, NetworkFilter, NumberFilter, PortFilter, Side } from './filter.ts';
import { some } from './join-tests.ts';
import { rangeOf } from './ranges.ts';
import { byteOf, eitherPortOf, ipv4Of, OFFSET, portOf, wordAt } from './record-tests.ts';

/** Up to this many ports or addresses are tested one by one, which bounds the memory of a filter. */
const FEW = 4;

const BYTE_FIELDS = PACKET_LOG_FIELDS.filter(({ type }) => type === 'u8').map(({ name }) => name as string);
const SIDES: readonly Side[] = ['src', 'dst', 'either'];

/** Groups similar alternatives into lists, and returns the rest. */
export function listsIn(terms: readonly Filter[]): { lists: RecordPredicate[]; rest: readonly Filter[] } {
  const lists: RecordPredicate[] = [];
  const listed = new Set<Filter>();
  const add = <Term extends Filter>(
    alike: readonly Term[],
    few: number,
    test: (alike: readonly Term[]) => RecordPredicate,
  ) => {
    if (alike.length <= few) return;
    lists.push(test(alike));
    for (const term of alike) listed.add(term);
  };
  for (const side of SIDES) {
    add(
      terms.filter((term): term is PortFilter => term.kind === 'port' && term.side === side),
      FEW,
      portList,
    );
    add(
      terms.filter((term): term is NetworkFilter => isIpv4Host(term) && term.side === side),
      FEW,
      hostList,
    );
  }
  for (const field of BYTE_FIELDS) {
    add(
      terms.filter((term): term is NumberFilter => term.kind === 'number' && term.field === field),
      1,
      valueList,
    );
  }
  return { lists, rest: terms.filter((term) => !listed.has(term)) };
}

function isIpv4Host(term: Filter): term is NetworkFilter {
  return term.kind === 'network' && term.network.endsWith('/32') && !term.network.includes(':');
}

function valueList(alternatives: readonly NumberFilter[]): RecordPredicate {
  const ranges = alternatives.map((one) => rangeOf(one, 0xff));
  const wanted = Uint8Array.from({ length: 256 }, (_, value) =>
    ranges.some(({ low, high, inside }) => (value >= low && value <= high) === inside) ? 1 : 0,
  );
  return byteOf(OFFSET[(alternatives[0] as NumberFilter).field], wanted);
}

function portList(ports: readonly PortFilter[]): RecordPredicate {
  const each = new Uint8Array(0x1_0000);
  for (const { from, to } of ports) each.fill(1, from, to + 1);
  const wanted = new Uint8Array(each.length / 8);
  each.forEach((is, port) => {
    if (is === 1) wanted[port >> 3] = (wanted[port >> 3] as number) | (1 << (port & 7));
  });
  const side = (ports[0] as PortFilter).side;
  return side === 'either' ? eitherPortOf(wanted) : portOf(OFFSET[`${side}_port`], wanted);
}

function hostList(hosts: readonly NetworkFilter[]): RecordPredicate {
  const wanted = new Set(hosts.map(({ network }) => wordAt(parseNetwork(network).bytes, 12)));
  const side = (hosts[0] as NetworkFilter).side;
  if (side !== 'either') return ipv4Of(OFFSET[`${side}_addr`], wanted);
  return some([ipv4Of(OFFSET.src_addr, wanted), ipv4Of(OFFSET.dst_addr, wanted)]);
}

/**
 * Returns the largest number of tests that the compiled filter makes for one record: a list of ports or addresses is
 * one test. `filter` is in the form that `simplified` returns; otherwise the number may be too high.
 */
export function filterTests(filter: Filter): number {
  switch (filter.kind) {
    case 'not':
      return filterTests(filter.term);
    case 'and':
      return sumOf(filter.terms);
    case 'or': {
      const { lists, rest } = listsIn(filter.terms);
      return lists.length + sumOf(rest);
    }
    default:
      return 1;
  }
}

function sumOf(terms: readonly Filter[]): number {
  return terms.reduce((sum, term) => sum + filterTests(term), 0);
}
