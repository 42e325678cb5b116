/**
 * What a filter says, as plain data (docs/filter.md). It is JSON: no class, nothing shared, nothing undefined.
 * Fields have the names of layout.ts, so that each form is one condition on columns of the same names.
 */

/** Fields that are compared as numbers. */
export type NumberField =
  | 'rule_id'
  | 'length'
  | 'weight'
  | 'ether_type'
  | 'vlan_id'
  | 'ip_protocol'
  | 'action'
  | 'reason';
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';
/** `either`: source or destination. */
export type Side = 'src' | 'dst' | 'either';

export interface AllFilter {
  readonly kind: 'all';
}
/** Two terms or more, none of them an AndFilter. */
export interface AndFilter {
  readonly kind: 'and';
  readonly terms: readonly Filter[];
}
/** Two terms or more, none of them an OrFilter. */
export interface OrFilter {
  readonly kind: 'or';
  readonly terms: readonly Filter[];
}
export interface NotFilter {
  readonly kind: 'not';
  readonly term: Filter;
}
/**
 * A field compared with a number. `vlan_id` is compared by the id of the outer tag, 0 for a priority tag: a frame without
 * a tag has no id, so that nothing but `!=` holds for it. `vlan_id >= 0` is any tag.
 */
export interface NumberFilter {
  readonly kind: 'number';
  readonly field: NumberField;
  readonly comparison: Comparison;
  readonly value: number;
}
/**
 * An address of the packet is in `network`, which is as `formatNetwork` writes it. IPv4 never holds an IPv6 packet, nor
 * IPv6 (`::/0` for one) an IPv4 packet, and neither a packet whose addresses were not read (`addressesRead`).
 */
export interface NetworkFilter {
  readonly kind: 'network';
  readonly side: Side;
  readonly network: string;
}
/**
 * `from <= port <= to`, of packets whose ports were read (`portsRead`): no later fragment has port 0.
 */
export interface PortFilter {
  readonly kind: 'port';
  readonly side: Side;
  readonly from: number;
  readonly to: number;
}
/** An ICMP (1) or ICMPv6 (58) message of this type, and of this code if there is one; of those whose type was read. */
export interface IcmpFilter {
  readonly kind: 'icmp';
  readonly protocol: 1 | 58;
  readonly type: number;
  readonly code?: number;
}
/** TCP with all of these flags; `exact`: and no other. Without any: only where flags were read (`tcpFlagsRead`). */
export interface FlagsFilter {
  readonly kind: 'flags';
  readonly flags: number;
  readonly exact: boolean;
}
/** Records hold numbers of interfaces: whoever compiles says which have this name. */
export interface InterfaceFilter {
  readonly kind: 'interface';
  readonly name: string;
}

export type TermFilter =
  | AllFilter
  | NumberFilter
  | NetworkFilter
  | PortFilter
  | IcmpFilter
  | FlagsFilter
  | InterfaceFilter;
export type Filter = AndFilter | OrFilter | NotFilter | TermFilter;

export const EVERYTHING: AllFilter = { kind: 'all' };

/** All of them hold; of none: everything. */
export function allOf(terms: readonly Filter[]): Filter {
  return joined('and', terms) ?? EVERYTHING;
}

/** One of them holds. There must be one. */
export function anyOf(terms: readonly Filter[]): Filter {
  const filter = joined('or', terms);
  if (filter === undefined) throw new RangeError('a filter that says "one of these" needs one');
  return filter;
}

function joined(kind: 'and' | 'or', terms: readonly Filter[]): Filter | undefined {
  const flat = terms.flatMap((term) => (term.kind === kind ? term.terms : [term]));
  return flat.length > 1 ? { kind, terms: flat } : flat[0];
}

/** Names of interfaces in it: what it lets through depends on who has them. */
export function interfacesNamed(filter: Filter): readonly string[] {
  if (filter.kind === 'and' || filter.kind === 'or') return [...new Set(filter.terms.flatMap(interfacesNamed))];
  if (filter.kind === 'not') return interfacesNamed(filter.term);
  return filter.kind === 'interface' ? [filter.name] : [];
}
