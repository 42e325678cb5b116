/**
 * A filter as plain data (docs/filter.md). It is JSON: no classes, no shared parts, no undefined. Fields have the names
 * of layout.ts, so each form is one condition on columns of the same names.
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
/** Two or more terms, none of them an AndFilter. */
export interface AndFilter {
  readonly kind: 'and';
  readonly terms: readonly Filter[];
}
/** Two or more terms, none of them an OrFilter. */
export interface OrFilter {
  readonly kind: 'or';
  readonly terms: readonly Filter[];
}
export interface NotFilter {
  readonly kind: 'not';
  readonly term: Filter;
}
/**
 * Compares a field with a number. `vlan_id` compares the id of the outer tag, 0 for a priority tag. A frame without a
 * tag has no id: only `!=` holds for it, and `vlan_id >= 0` matches any tag.
 */
export interface NumberFilter {
  readonly kind: 'number';
  readonly field: NumberField;
  readonly comparison: Comparison;
  readonly value: number;
}
/**
 * An address of the packet is in `network`, which has the form of `formatNetwork`. An IPv4 network never contains an
 * IPv6 packet, an IPv6 network (such as `::/0`) never an IPv4 packet, and neither contains a packet whose addresses
 * were not read (`addressesRead`).
 */
export interface NetworkFilter {
  readonly kind: 'network';
  readonly side: Side;
  readonly network: string;
}
/** `from <= port <= to`, for packets whose ports were read (`portsRead`): a later fragment does not have port 0. */
export interface PortFilter {
  readonly kind: 'port';
  readonly side: Side;
  readonly from: number;
  readonly to: number;
}
/** An ICMP (1) or ICMPv6 (58) message of this type, and of this code if given, whose type was read. */
export interface IcmpFilter {
  readonly kind: 'icmp';
  readonly protocol: 1 | 58;
  readonly type: number;
  readonly code?: number;
}
/**
 * TCP with all of these flags; `exact`: and no others. Without flags it matches only where flags were read
 * (`tcpFlagsRead`).
 */
export interface FlagsFilter {
  readonly kind: 'flags';
  readonly flags: number;
  readonly exact: boolean;
}
/** Records contain interface indexes: the compiler's environment maps this name to them. */
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

/** Returns a filter that requires all terms; without terms it matches everything. */
export function allOf(terms: readonly Filter[]): Filter {
  return joined('and', terms) ?? EVERYTHING;
}

/** Returns a filter that requires at least one of the terms. There must be one. */
export function anyOf(terms: readonly Filter[]): Filter {
  const filter = joined('or', terms);
  if (filter === undefined) throw new RangeError('anyOf needs at least one filter');
  return filter;
}

function joined(kind: 'and' | 'or', terms: readonly Filter[]): Filter | undefined {
  const flat = terms.flatMap((term) => (term.kind === kind ? term.terms : [term]));
  return flat.length > 1 ? { kind, terms: flat } : flat[0];
}

/** Returns the interface names in the filter: what it matches depends on which interfaces have them. */
export function interfacesNamed(filter: Filter): readonly string[] {
  if (filter.kind === 'and' || filter.kind === 'or') return [...new Set(filter.terms.flatMap(interfacesNamed))];
  if (filter.kind === 'not') return interfacesNamed(filter.term);
  return filter.kind === 'interface' ? [filter.name] : [];
}
