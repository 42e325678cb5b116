/**
 * Determines which fields of a record were read from the packet. A field that was not read is 0, but a field that was
 * read may be 0 too. The reason distinguishes them, unless a rule's reason replaces it; the functions below document
 * what they assume then.
 */
import { ETHER_TYPE_IPV4, ETHER_TYPE_IPV6, hasPorts } from './field-names.ts';
import { IP_PROTOCOL_NONE, REASONS } from './layout.ts';

const ICMP = 1;
const TCP = 6;
const ICMPV6 = 58;
/** Reasons of rules, limits and the default policy. They replace those of the parser. */
const DECIDED: ReadonlySet<number> = new Set([
  REASONS.rule,
  REASONS.default_policy,
  REASONS.would_deny,
  REASONS.limit,
  REASONS.would_limit,
]);

/** The fields that show how far the parser got. */
export interface ReadFacts {
  readonly src_addr: string;
  readonly dst_addr: string;
  readonly src_port: number;
  readonly dst_port: number;
  readonly ether_type: number;
  readonly ip_protocol: number;
  readonly tcp_flags: number;
  readonly reason: number;
}

/**
 * Returns whether the addresses were read. Assumes that they were not for an IPv6 packet from `::` to `::` with
 * protocol 255 that a rule decided: such a packet is hardly ever sent, and a truncated header looks the same.
 */
export function addressesRead(of: ReadFacts): boolean {
  if (of.ether_type === ETHER_TYPE_IPV4) return of.src_addr !== '::';
  if (of.ether_type !== ETHER_TYPE_IPV6) return false;
  const isEmpty = of.src_addr === '::' && of.dst_addr === '::' && of.ip_protocol === IP_PROTOCOL_NONE;
  return !isEmpty || of.reason === REASONS.none || of.reason === REASONS.fragment;
}

/**
 * Returns whether the ports were read. Assumes that they were not if both are 0, there are no TCP flags, and a rule
 * decided: that is far more often a later fragment than a packet from port 0 to port 0.
 */
export function portsRead(of: Omit<ReadFacts, 'src_addr' | 'dst_addr' | 'ether_type'>): boolean {
  if (!hasPorts(of.ip_protocol)) return false;
  if (of.src_port !== 0 || of.dst_port !== 0 || of.tcp_flags !== 0) return true;
  // Malformed, with a protocol that has ports: the parser reached their header.
  return of.reason === REASONS.none || of.reason === REASONS.malformed;
}

/**
 * Returns whether the TCP flags were read. Assumes that they were not if there are none and the header is truncated.
 */
export function tcpFlagsRead(of: Omit<ReadFacts, 'src_addr' | 'dst_addr' | 'ether_type'>): boolean {
  if (of.ip_protocol !== TCP) return false;
  return of.tcp_flags !== 0 || (portsRead(of) && of.reason !== REASONS.truncated);
}

/**
 * Returns whether the packet is a fragment after the first. Assumes that it is if its protocol has ports that were not
 * read, and a rule decided; and that fragments of other protocols are none then: a rule's reason replaces `fragment`.
 */
export function isLaterFragment(of: Omit<ReadFacts, 'src_addr' | 'dst_addr' | 'ether_type'>): boolean {
  if (of.reason === REASONS.fragment) return true;
  return hasPorts(of.ip_protocol) && DECIDED.has(of.reason) && !portsRead(of);
}

/**
 * Returns whether type and code of ICMP or ICMPv6 were read. Assumes that 0, an echo reply, was read if a rule decided.
 */
export function icmpRead({
  ip_protocol,
  dst_port,
  reason,
}: Pick<ReadFacts, 'ip_protocol' | 'dst_port' | 'reason'>): boolean {
  if (ip_protocol !== ICMP && ip_protocol !== ICMPV6) return false;
  return dst_port !== 0 || (reason !== REASONS.fragment && reason !== REASONS.truncated);
}
