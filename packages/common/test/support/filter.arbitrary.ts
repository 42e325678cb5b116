/** Filters and records that share values, so that they meet, for property tests. */
import fc from 'fast-check';
import { formatNetwork, parseNetwork } from '../../src/address/network.ts';
import {
  allOf,
  anyOf,
  type Comparison,
  type Filter,
  type NumberField,
  type Side,
  type TermFilter,
} from '../../src/filter/filter.ts';
import type { PacketLog } from '../../src/record/packet-log.ts';
import { packetLog } from './packet-log.arbitrary.ts';

const ADDRESSES = ['192.0.2.1', '192.0.2.2', '192.0.3.1', '0.0.0.0', '2001:db8::1', '2001:db8::8000:1', '::1', '::'];
const NETWORKS = [
  ...ADDRESSES,
  ...['192.0.2.0/24', '192.0.2.0/30', '192.0.0.0/15', '0.0.0.0/0', '128.0.0.0/1', '128.0.0.0/2'],
  ...['2001:db8::/32', '2001:db8::/97', '2001:db8::/31', '2000::/3', '::/0', '::ffff:0:0/96', '::ffff:192.0.2.1'],
].map((text) => formatNetwork(parseNetwork(text)));
export const INTERFACES: ReadonlyMap<string, readonly number[]> = new Map([
  ['eth0', [2]],
  ['eth1', [3, 0xffff_fffe]],
  ['a "b" (c)', [4]],
  ['gone', []],
]);

const from = <T>(...values: T[]) => fc.constantFrom(...values);
/** What most records have in these fields, and what most filters ask for. */
const FIELD_VALUES: Readonly<Record<NumberField, readonly number[]>> = {
  rule_id: [0, 1, 12, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff],
  length: [0, 60, 1000, 1001, 65_535],
  weight: [0, 1, 2, 32_768],
  ether_type: [0x0800, 0x86dd, 0x0806, 0x88cc],
  vlan_id: [0, 1, 10, 4095, 4096],
  ip_protocol: [0, 1, 6, 17, 47, 58, 132, 255],
  action: [0, 1, 2],
  reason: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
};
const COMPARISONS: readonly Comparison[] = ['=', '!=', '<', '<=', '>', '>='];
/** Of tags; records have 4096 for the id 0. */
const VLAN_IDS = [0, 1, 10, 4095];
/** These have no order. */
const CODES: ReadonlySet<NumberField> = new Set(['action', 'reason']);

const numberFilter = from(...(Object.keys(FIELD_VALUES) as NumberField[])).chain((field) =>
  fc.record({
    kind: fc.constant('number' as const),
    field: fc.constant(field),
    comparison: CODES.has(field) ? from('=' as const, '!=' as const) : from(...COMPARISONS),
    value: from(...(field === 'vlan_id' ? VLAN_IDS : FIELD_VALUES[field])),
  }),
);
const side = from('src' as const, 'dst' as const, 'either' as const);
const somePort = from(0, 22, 53, 443, 0x3500, 65_535);
const portFilter = (where: Side) =>
  fc
    .tuple(somePort, somePort)
    .map(([a, b]) => ({ kind: 'port' as const, side: where, from: Math.min(a, b), to: Math.max(a, b) }));
const hostFilter = (where: Side) =>
  fc.nat(9).map((n) => ({ kind: 'network' as const, side: where, network: `192.0.2.${n}/32` }));
const icmpFilter = fc.record({
  kind: fc.constant('icmp' as const),
  protocol: from(1 as const, 58 as const),
  type: from(0, 1, 0x35, 255),
});
/** Long enough to be looked up as a list. */
const list = fc
  .tuple(side, from<(where: Side) => fc.Arbitrary<TermFilter>>(portFilter, hostFilter))
  .chain(([where, make]) => fc.array(make(where), { minLength: 6, maxLength: 9 }))
  .map(anyOf);

/** The parser rejects what asks for two outer tags at once. */
export function isWritable(any: Filter): boolean {
  if (any.kind === 'not') return isWritable(any.term);
  if (any.kind !== 'and' && any.kind !== 'or') return true;
  const tags = any.terms.flatMap((term) =>
    term.kind === 'number' && term.field === 'vlan_id' && term.comparison === '=' ? [term.value] : [],
  );
  return (any.kind === 'or' || new Set(tags).size < 2) && any.terms.every(isWritable);
}

/** As the parser makes them. */
export const term: fc.Arbitrary<TermFilter> = fc.oneof(
  { weight: 5, arbitrary: numberFilter },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('network' as const), side, network: from(...NETWORKS) }),
  },
  { weight: 3, arbitrary: side.chain(portFilter) },
  {
    weight: 2,
    arbitrary: fc.oneof(
      icmpFilter,
      icmpFilter.chain((of) => from(0, 1, 53).map((code) => ({ ...of, code }))),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(from(0, 2, 0x12, 0x10, 0x29, 0xff), fc.boolean())
      .map(([flags, exact]) => ({ kind: 'flags' as const, flags, exact: exact || flags === 0 })),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('interface' as const), name: from(...INTERFACES.keys()) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'all' as const }) },
);

export const filter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    term,
    list,
    fc.array(tie('filter'), { minLength: 2, maxLength: 4 }).map(allOf).filter(isWritable),
    fc.array(tie('filter'), { minLength: 2, maxLength: 4 }).map(anyOf),
    tie('filter').map((inner): Filter => ({ kind: 'not', term: inner })),
  ),
})).filter;

/** What is recorded of a packet whose layers were not read: zeros. */
const UNREAD: readonly Partial<PacketLog>[] = [
  {},
  {},
  { src_port: 0, dst_port: 0, tcp_flags: 0 },
  { src_port: 0, dst_port: 0, tcp_flags: 0, src_addr: '::', dst_addr: '::', ip_protocol: 255, ether_type: 0x86dd },
];

const nearFields: Readonly<Record<string, fc.Arbitrary<number | string>>> = {
  ...Object.fromEntries(Object.entries(FIELD_VALUES).map(([field, values]) => [field, from(...values)])),
  src_addr: from(...ADDRESSES),
  dst_addr: from(...ADDRESSES),
  src_port: somePort,
  dst_port: somePort,
  ifindex: from(2, 3, 4, 0xffff_fffe),
  tcp_flags: from(0, 2, 0x10, 0x12, 0x29),
};

/** Records, most fields of which have values that filters ask for. */
export const nearRecord: fc.Arbitrary<PacketLog> = fc
  .tuple(
    packetLog,
    fc.record(nearFields, { requiredKeys: ['ether_type', 'ip_protocol', 'src_addr', 'dst_addr'] }),
    from(...UNREAD),
  )
  .map(([any, near, unread]) => ({ ...any, ...near, ...unread }) as PacketLog);
