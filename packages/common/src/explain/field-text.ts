/** One sentence for each field of a record. */
import { serviceName } from '../names/service-names.ts';
import { actionName, ETHER_TYPE_IPV4, ETHER_TYPE_IPV6, protocolName, reasonName } from '../record/field-names.ts';
import { VLAN_PRIORITY_TAG } from '../record/layout.ts';
import type { PacketLog } from '../record/packet-log.ts';
import { addressesRead } from '../record/read-fields.ts';
import { reasonSentence } from '../record/reasons.ts';

/** Adds a capital letter and a full stop. */
export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

const ACTION_SENTENCES: Readonly<Record<string, string>> = {
  permit: 'Passed to the network stack.',
  deny: 'Denied before the network stack saw it.',
  aborted: 'Lost: the XDP program failed on it.',
};

export function actionSentence(action: number): string {
  return ACTION_SENTENCES[actionName(action)] ?? 'An action unknown to this version.';
}

/** Returns the reason as a sentence; for a truncated packet, also where it ends. */
export function reasonDetail(packet: PacketLog): string {
  return reasonName(packet.reason) === 'truncated' ? truncatedDetail(packet) : reasonSentence(packet.reason);
}

/** Largest size of the headers before layer 4, in IPv4: Ethernet, four tags, a header with all options. */
const MAX_BYTES_BEFORE_LAYER_4 = 14 + 4 * 4 + 60;
const MAX_FIXED_HEADER = 20;

/**
 * Explains where a truncated packet ends. Headers up to IP's, and extension headers of IPv6, can only be cut by the end
 * of the frame: one that extends beyond the datagram is malformed. A layer 4 header may also be cut by the end of the
 * datagram; what follows in the frame is then padding.
 */
function truncatedDetail(packet: PacketLog): string {
  const { ether_type, ip_protocol, length } = packet;
  const isIpv4 = ether_type === ETHER_TYPE_IPV4;
  if (!isIpv4 && ether_type !== ETHER_TYPE_IPV6) return 'The frame ends inside its Ethernet header.';
  if (!addressesRead(packet)) return `The frame ends inside its ${isIpv4 ? 'IPv4' : 'IPv6'} header.`;
  const header = `its ${protocolName(ip_protocol)} header`;
  if (!isIpv4 && EXTENSION_HEADERS.has(ip_protocol)) return `The frame ends inside ${header}.`;
  const frameHoldsIt = isIpv4 && length >= MAX_BYTES_BEFORE_LAYER_4 + MAX_FIXED_HEADER;
  return frameHoldsIt
    ? `The datagram ends inside ${header}. What follows in the frame is padding.`
    : `The datagram ends inside ${header}, or the frame was cut there.`;
}

/** IPv6 extension headers that the parser follows. */
const EXTENSION_HEADERS: ReadonlySet<number> = new Set([0, 43, 44, 51, 60, 135, 139, 140]);

/** Linux gives clients 32768 to 60999; other systems use IANA's 49152 to 65535. */
const CLIENT_PORTS_FROM = 32_768;

export function portSentence(ip_protocol: number, port: number): string {
  const service = serviceName(ip_protocol, port);
  if (service !== undefined) return `The default port of ${service}; another service may use it.`;
  if (port === 0) return 'Reserved: no valid sender uses it.';
  if (port >= CLIENT_PORTS_FROM) return 'An ephemeral port, as clients use for one connection.';
  return 'No well-known service uses it.';
}

const PROTOCOL_SENTENCES: ReadonlyMap<number, string> = new Map([
  [1, 'Control messages: errors, echo (ping).'],
  [2, 'Membership of multicast groups.'],
  [6, 'A reliable, ordered byte stream.'],
  [17, 'Datagrams: no connection, no retransmission.'],
  [41, 'IPv6 inside IPv4: a tunnel.'],
  [47, 'A tunnel. Its content is not parsed.'],
  [50, 'IPsec, encrypted: what is inside cannot be seen.'],
  [51, 'IPsec, authenticated.'],
  [58, 'Control messages: errors, echo (ping), neighbour discovery.'],
  [89, 'Routing between routers.'],
  [112, 'Failover of an address that routers share.'],
  [132, 'Connections of several streams each, mostly of telephone networks.'],
]);

export function protocolSentence(ip_protocol: number): string {
  return PROTOCOL_SENTENCES.get(ip_protocol) ?? '';
}

const ETHER_TYPE_SENTENCES: ReadonlyMap<number, string> = new Map([
  [ETHER_TYPE_IPV4, ''],
  [ETHER_TYPE_IPV6, ''],
  [0x0806, 'Finds the MAC address of an IPv4 address on this link.'],
  [0x88cc, 'Device discovery on this link.'],
  [0x888e, 'Port authentication, 802.1X.'],
  [0x8863, 'PPPoE discovery: finds an access concentrator.'],
  [0x8864, 'A PPPoE session whose content is not plain IP.'],
]);
const MAX_802_3_LENGTH = 1500;

export function etherTypeSentence(ether_type: number): string {
  if (ether_type <= MAX_802_3_LENGTH)
    return 'A length in place of a type: an IEEE 802.3 frame, as spanning tree sends.';
  return ETHER_TYPE_SENTENCES.get(ether_type) ?? 'Not IP: no rule applies to it.';
}

export function vlanSentence(vlan_id: number): string {
  if (vlan_id === 0) return 'No tag, or the network card removed it before the hook.';
  if (vlan_id === VLAN_PRIORITY_TAG) return 'The outer tag carries a priority and names no VLAN.';
  return 'The id in the outer tag.';
}

const MAX_LENGTH = 0xffff;
/** IEEE 802.3 without the checksum. */
const MIN_WIRE_LENGTH = 60;

export function lengthSentence(length: number): string {
  if (length === MAX_LENGTH)
    return '65,535 bytes or more: the field holds no larger number. The byte counters are exact.';
  if (length < MIN_WIRE_LENGTH) return 'Shorter than a frame on a wire can be: it comes from a virtual interface.';
  return 'The whole frame at the hook, with its Ethernet header.';
}

export function weightSentence(weight: number): string {
  if (weight === 1) return 'This row represents one packet: nothing was sampled.';
  return `Packets this row represents: at this rate the kernel recorded 1 of ${weight}, chosen at random.`;
}
