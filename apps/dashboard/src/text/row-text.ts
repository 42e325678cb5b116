import {
  actionName,
  etherTypeName,
  IP_PROTOCOL_NONE,
  icmpTypeName,
  type PacketLogView,
  protocolName,
  reasonName,
  serviceName,
  tcpFlagsText,
  VLAN_PRIORITY_TAG,
} from '@packetlog/common';
import { clockMillisText } from './clock.ts';
import { ABSENT } from './number.ts';
import { decisionOfRule, ruleName } from './rule-address.ts';
import { type Verdict, verdictOf } from './verdict-text.ts';

export interface Endpoint {
  readonly addr: string;
  /** '' if the packet has none. */
  readonly port: string;
  /** An IPv6 address with a port is in brackets (RFC 5952, section 6). */
  readonly bracketed: boolean;
}

/** A packet as the table shows it. */
export interface PacketRow {
  readonly timeMs: number;
  /** Time of day. */
  readonly time: string;
  readonly verdict: Verdict;
  readonly action: string;
  readonly src: Endpoint;
  readonly dst: Endpoint;
  /** Service name of the destination port; '' if unknown. */
  readonly service: string;
  readonly protocol: string;
  readonly ipProtocol: number;
  /** TCP flags, or the name of the ICMP type. */
  readonly detail: string;
  readonly length: string;
  readonly interface: string;
  readonly vlan: string;
  readonly etherType: string;
  /** Number of packets that the row represents. */
  readonly weight: string;
  readonly rule: string;
  readonly reason: string;
  /** The rule that decided, 0 = none. */
  readonly ruleId: number;
}

const TCP = 6;
const NO_ENDPOINT: Endpoint = { addr: ABSENT, port: '', bracketed: false };

/** Returns the texts of a record. `interfaceName` returns the name of an ifindex, or undefined. */
export function packetRow(
  view: PacketLogView,
  i: number,
  interfaceName: (ifindex: number) => string | undefined,
): PacketRow {
  const hasAddresses = view.addressesRead(i);
  const reason = reasonName(view.reason(i));
  const ifindex = view.ifindex(i);
  const vlan = view.vlanId(i);
  const portsRead = view.portsRead(i);
  return {
    timeMs: view.timestampMs(i),
    time: clockMillisText(view.timestampMs(i)),
    verdict: verdictOf(view.action(i), reason),
    action: actionName(view.action(i)),
    src: hasAddresses ? endpoint(view.srcAddr(i), portsRead ? view.srcPort(i) : null) : NO_ENDPOINT,
    dst: hasAddresses ? endpoint(view.dstAddr(i), portsRead ? view.dstPort(i) : null) : NO_ENDPOINT,
    service: (portsRead && serviceName(view.ipProtocol(i), view.dstPort(i))) || '',
    protocol: protocolText(view.ipProtocol(i), view.etherType(i)),
    ipProtocol: view.ipProtocol(i),
    detail: detail(view, i) || ABSENT,
    length: String(view.frameLength(i)),
    interface: interfaceName(ifindex) ?? `#${ifindex}`,
    // A priority tag has id 0, which differs from a record without a tag.
    vlan: vlan === 0 ? ABSENT : String(vlan % VLAN_PRIORITY_TAG),
    etherType: etherTypeName(view.etherType(i)),
    weight: String(view.weight(i)),
    rule: view.ruleId(i) === 0 ? ABSENT : ruleName(view.ruleId(i)),
    reason: reasonText(reason, view.ruleId(i), view.weight(i)) || ABSENT,
    ruleId: view.ruleId(i),
  };
}

/** Returns the name of the protocol; for a frame that is not IP, of its Ethernet type. */
export function protocolText(ipProtocol: number, etherType: number): string {
  if (ipProtocol === IP_PROTOCOL_NONE) return etherTypeName(etherType);
  const name = protocolName(ipProtocol);
  return name === 'IPv6-ICMP' ? 'ICMPv6' : name;
}

function endpoint(addr: string, port: number | null): Endpoint {
  return port === null
    ? { addr, port: '', bracketed: false }
    : { addr, port: String(port), bracketed: addr.includes(':') };
}

/** Joins address and port: '192.0.2.1:443', '[2001:db8::1]:443'. */
export function endpointText({ addr, port, bracketed }: Endpoint): string {
  if (port === '') return addr;
  return bracketed ? `[${addr}]:${port}` : `${addr}:${port}`;
}

function detail(view: PacketLogView, i: number): string {
  const protocol = view.ipProtocol(i);
  if (protocol === TCP) return tcpFlagsText(view.tcpFlags(i));
  if (view.icmpRead(i)) {
    return icmpTypeName(protocol, view.dstPort(i) >> 8, view.dstPort(i) & 0xff);
  }
  return '';
}

function reasonText(reason: string, rule: number, weight: number): string {
  const parts = [];
  if (reason === 'rule') parts.push(decisionOfRule(rule) === null ? `rule ${rule}` : 'banned');
  else if (reason === 'would_deny') parts.push(`rule ${rule} would deny`);
  else if (reason === 'limit') parts.push(`over limit ${rule}`);
  else if (reason === 'would_limit') parts.push(`limit ${rule} would deny`);
  else if (reason === 'default_policy') parts.push('default policy');
  else if (reason === 'not_ip') parts.push('not IP');
  else if (reason !== 'none') parts.push(reason.replaceAll('_', ' '));
  if (weight > 1) parts.push(`1 of ${weight}`);
  return parts.join(', ');
}

/** Formats a timestamp to the nanosecond, in UTC. */
export function exactTime(ns: bigint): string {
  const seconds = ns / 1_000_000_000n;
  const fraction = String(ns % 1_000_000_000n).padStart(9, '0');
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}
