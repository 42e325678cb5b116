/**
 * A filter as conditions on columns, each on one column alone: what runs over columns and what ClickHouse is asked. What
 * a term means beyond its words (whether ports were read, which addresses a frame can have) is a condition, too.
 */
import { parseNetwork } from '../../address/network.ts';
import { ETHER_TYPE_IPV4, ETHER_TYPE_IPV6, hasPorts } from '../../record/field-names.ts';
import {
  FIELD_BYTES,
  IP_PROTOCOL_NONE,
  PACKET_LOG_FIELDS,
  type PacketLogFieldName,
  REASONS,
} from '../../record/layout.ts';
import type { FilterEnvironment } from '../compile.ts';
import type { Filter, IcmpFilter, NetworkFilter, NumberFilter, PortFilter, TermFilter } from '../filter.ts';
import { simplified } from '../filter-key.ts';
import { rangeOf } from '../ranges.ts';

export type AddressColumnName = 'src_addr' | 'dst_addr';
/** Columns of numbers of up to 32 bits. */
export type NumberColumnName = Exclude<PacketLogFieldName, AddressColumnName | 'timestamp_ns'>;

/** `low <= (column & mask) <= high`; unsigned, of up to 32 bits. */
export interface RangeCondition {
  readonly kind: 'range';
  readonly column: NumberColumnName;
  /** Absent: all bits. */
  readonly mask?: number;
  readonly low: number;
  readonly high: number;
}
/** The first `bits` bits of the address are those of `bytes`. */
export interface PrefixCondition {
  readonly kind: 'prefix';
  readonly column: AddressColumnName;
  readonly bytes: Uint8Array;
  readonly bits: number;
}
export interface ConstantCondition {
  readonly kind: 'constant';
  readonly holds: boolean;
}
/** All of these, or any of these: two or more, none of the same kind, none a constant. */
export interface JoinedCondition {
  readonly kind: 'all' | 'any';
  readonly of: readonly Condition[];
}
export interface NotCondition {
  readonly kind: 'not';
  readonly of: Condition;
}
export type Condition = RangeCondition | PrefixCondition | ConstantCondition | JoinedCondition | NotCondition;

const MAX_VLAN_ID = 0x0fff;
const TCP = 6;
const PROTOCOLS_WITH_PORTS = Array.from({ length: 256 }, (_, protocol) => protocol).filter(hasPorts);
const UNSPECIFIED = new Uint8Array(16);
const MAXIMA = new Map<string, number>(
  PACKET_LOG_FIELDS.map(({ name, type }) => [
    name,
    name === 'vlan_id' ? MAX_VLAN_ID : 2 ** (8 * FIELD_BYTES[type]) - 1,
  ]),
);

/** Without an environment no interface has a name. */
export function conditionOf(filter: Filter, environment: FilterEnvironment = { indexesOf: () => [] }): Condition {
  return lowered(simplified(filter), environment);
}

function lowered(filter: Filter, environment: FilterEnvironment): Condition {
  switch (filter.kind) {
    case 'not':
      return not(lowered(filter.term, environment));
    case 'and':
      return all(filter.terms.map((term) => lowered(term, environment)));
    case 'or':
      return any(filter.terms.map((term) => lowered(term, environment)));
    case 'interface':
      return any([...environment.indexesOf(filter.name)].map((ifindex) => is('ifindex', ifindex)));
    default:
      return term(filter);
  }
}

function term(filter: Exclude<TermFilter, { kind: 'interface' }>): Condition {
  switch (filter.kind) {
    case 'all':
      return { kind: 'constant', holds: true };
    case 'number':
      return number(filter);
    case 'network':
      return network(filter);
    case 'port':
      return port(filter);
    case 'icmp':
      return icmp(filter);
    case 'flags':
      return all([
        {
          kind: 'range',
          column: 'tcp_flags',
          mask: filter.exact ? 0xff : filter.flags,
          low: filter.flags,
          high: filter.flags,
        },
        is('ip_protocol', TCP),
        // Flags that are set were read.
        ...(filter.flags === 0 ? [not(is('reason', REASONS.truncated)), portsRead()] : []),
      ]);
  }
}

function number(filter: NumberFilter): Condition {
  const max = MAXIMA.get(filter.field) as number;
  const { low, high, inside } = rangeOf(filter, max);
  const isEmpty = low > high || low > max;
  const within: Condition = isEmpty ? { kind: 'constant', holds: false } : range(filter, low, Math.min(high, max));
  return inside ? within : not(within);
}

/** A frame without a VLAN tag has no id. */
function range({ field }: NumberFilter, low: number, high: number): Condition {
  if (field !== 'vlan_id') return { kind: 'range', column: field, low, high };
  return all([not(is('vlan_id', 0)), { kind: 'range', column: 'vlan_id', mask: MAX_VLAN_ID, low, high }]);
}

function port({ side, from, to }: PortFilter): Condition {
  const ranges = (side === 'either' ? (['src_port', 'dst_port'] as const) : [`${side}_port` as const]).map(
    (column): Condition => ({ kind: 'range', column, low: from, high: to }),
  );
  // A port other than 0 was read.
  return all([any(ranges), withPorts(), ...(from === 0 ? [portsRead()] : [])]);
}

/** `portsRead` of read-fields.ts, of a protocol with ports. */
function portsRead(): Condition {
  return any([
    not(is('tcp_flags', 0)),
    is('reason', REASONS.none),
    is('reason', REASONS.malformed),
    not(is('dst_port', 0)),
    not(is('src_port', 0)),
  ]);
}

function withPorts(): Condition {
  return any(PROTOCOLS_WITH_PORTS.map((protocol) => is('ip_protocol', protocol)));
}

/** `icmpRead` of read-fields.ts. */
function icmp({ protocol, type, code }: IcmpFilter): Condition {
  const low = type * 256 + (code ?? 0);
  const isRead = not(any([is('reason', REASONS.fragment), is('reason', REASONS.truncated)]));
  return all([
    { kind: 'range', column: 'dst_port', low, high: code === undefined ? low + 255 : low },
    is('ip_protocol', protocol),
    // A type or code other than 0 was read.
    ...(low === 0 ? [any([isRead, not(is('dst_port', 0))])] : []),
  ]);
}

function network({ side, network: text }: NetworkFilter): Condition {
  const { family, bytes, bits } = parseNetwork(text);
  const columns = side === 'either' ? (['src_addr', 'dst_addr'] as const) : [`${side}_addr` as const];
  return all([
    any(columns.map((column) => prefix(column, bytes, bits))),
    is('ether_type', family === 4 ? ETHER_TYPE_IPV4 : ETHER_TYPE_IPV6),
    // An address other than :: was read.
    ...(bytes.every((byte) => byte === 0) ? [addressesRead()] : []),
  ]);
}

/** `addressesRead` of read-fields.ts, of an IPv6 frame. */
function addressesRead(): Condition {
  return any([
    not(is('ip_protocol', IP_PROTOCOL_NONE)),
    is('reason', REASONS.none),
    is('reason', REASONS.fragment),
    not(prefix('src_addr', UNSPECIFIED, 128)),
    not(prefix('dst_addr', UNSPECIFIED, 128)),
  ]);
}

function prefix(column: AddressColumnName, bytes: Uint8Array, bits: number): Condition {
  return bits === 0 ? { kind: 'constant', holds: true } : { kind: 'prefix', column, bytes, bits };
}

function is(column: NumberColumnName, value: number): Condition {
  return { kind: 'range', column, low: value, high: value };
}

function not(of: Condition): Condition {
  if (of.kind === 'not') return of.of;
  return of.kind === 'constant' ? { kind: 'constant', holds: !of.holds } : { kind: 'not', of };
}

function all(of: readonly Condition[]): Condition {
  return joined('all', of);
}

function any(of: readonly Condition[]): Condition {
  return joined('any', sharing(of));
}

/**
 * Joins alternatives that differ only in their first part: `(a and g) or (b and g)` is `(a or b) and g`. Ports and
 * networks in a list differ so, and what they share then needs one test.
 */
function sharing(of: readonly Condition[]): readonly Condition[] {
  const byRest = new Map<string | Condition, Condition[]>();
  for (const each of of) {
    const key = each.kind === 'all' ? keyOf(each.of.slice(1)) : each;
    byRest.set(key, [...(byRest.get(key) ?? []), each]);
  }
  return [...byRest.values()].map((alike) => {
    const [one, other] = alike;
    if (other === undefined || one?.kind !== 'all') return one as Condition;
    return all([any(alike.map((each) => (each as JoinedCondition).of[0] as Condition)), ...one.of.slice(1)]);
  });
}

function keyOf(conditions: readonly Condition[]): string {
  return JSON.stringify(conditions);
}

function joined(kind: 'all' | 'any', of: readonly Condition[]): Condition {
  const neutral = kind === 'all';
  const flat = of.flatMap((each) => (each.kind === kind ? each.of : [each]));
  if (flat.some((each) => each.kind === 'constant' && each.holds !== neutral))
    return { kind: 'constant', holds: !neutral };
  const rest = flat.filter(({ kind: of }) => of !== 'constant');
  const [first] = rest;
  if (first === undefined) return { kind: 'constant', holds: neutral };
  return rest.length === 1 ? first : { kind, of: rest };
}
