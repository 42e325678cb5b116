/** A sentence for each field of a record. */
import { IP_PROTOCOL_NONE } from '../layout.ts';
import { actionName, ETHER_TYPE_IPV4, ETHER_TYPE_IPV6, protocolName, reasonName } from '../names.ts';
import type { PacketLog } from '../packet-log.ts';
import { reasonSentence } from '../reasons.ts';
import { serviceName } from '../service-names.ts';

/** With a capital letter and a full stop. */
export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

const ACTION_SENTENCES: Readonly<Record<string, string>> = {
  permit: 'It was handed on to the system.',
  deny: 'It was dropped before the system saw it.',
  aborted: 'The program itself failed on it, so the kernel dropped it.',
};

export function actionSentence(action: number): string {
  return ACTION_SENTENCES[actionName(action)] ?? 'An action that this version does not know.';
}

type Place = Pick<PacketLog, 'ether_type' | 'ip_protocol' | 'src_addr' | 'dst_addr'>;

/** Why it was treated so; of a frame that ends too early, also where. */
export function reasonDetail(packet: Pick<PacketLog, 'reason'> & Place): string {
  if (reasonName(packet.reason) !== 'truncated') return reasonSentence(packet.reason);
  return `The frame ends inside ${headerAtEnd(packet)}. What was behind it is unknown.`;
}

/** The header that comes after the last one that was read whole. */
function headerAtEnd({ ether_type, ip_protocol, src_addr, dst_addr }: Place): string {
  if (ether_type !== ETHER_TYPE_IPV4 && ether_type !== ETHER_TYPE_IPV6) return 'its Ethernet header';
  const family = ether_type === ETHER_TYPE_IPV4 ? 'IPv4' : 'IPv6';
  if (src_addr === '::' && dst_addr === '::') return `its ${family} header`;
  if (ip_protocol === IP_PROTOCOL_NONE) return `a header behind ${family}`;
  return `its ${protocolName(ip_protocol)} header`;
}

/** Linux gives clients 32768 to 60999, other systems IANA's 49152 to 65535. */
const CLIENT_PORTS_FROM = 32_768;

export function portSentence(ip_protocol: number, port: number): string {
  const service = serviceName(ip_protocol, port);
  if (service !== undefined) return `The usual port of ${service}; what speaks there may be something else.`;
  if (port === 0) return 'Reserved: no proper sender uses it.';
  if (port >= CLIENT_PORTS_FROM) return 'A port as systems give it to a client for one connection.';
  return 'No well-known service has it.';
}

const PROTOCOL_SENTENCES: ReadonlyMap<number, string> = new Map([
  [1, 'Messages about the network itself: errors, echo.'],
  [2, 'Hosts say which multicast groups they want.'],
  [6, 'Connections: in order, and whole.'],
  [17, 'Single messages: no connection, nothing is sent again.'],
  [41, 'IPv6 inside IPv4: a tunnel.'],
  [47, 'A tunnel. What is inside is not looked at.'],
  [50, 'IPsec, encrypted: what is inside cannot be seen.'],
  [51, 'IPsec, authenticated.'],
  [58, 'Messages about the network itself: errors, echo, neighbours.'],
  [89, 'Routers tell each other about networks.'],
  [112, 'Routers agree who serves a shared address.'],
  [132, 'Connections of several streams each, mostly of telephone networks.'],
]);

export function protocolSentence(ip_protocol: number): string {
  return PROTOCOL_SENTENCES.get(ip_protocol) ?? '';
}

const ETHER_TYPE_SENTENCES: ReadonlyMap<number, string> = new Map([
  [ETHER_TYPE_IPV4, ''],
  [ETHER_TYPE_IPV6, ''],
  [0x0806, 'Asks who on this link has an IPv4 address, or answers.'],
  [0x88cc, 'A device on this link tells what it is.'],
  [0x888e, 'A device asks to be let onto this link.'],
  [0x8863, 'Looks for an access provider on this link.'],
  [0x8864, 'A connection to an access provider; IP is inside, and is not looked at.'],
]);
const LARGEST_LENGTH = 1500;

export function etherTypeSentence(ether_type: number): string {
  if (ether_type <= LARGEST_LENGTH) return 'No type but a length: a frame of IEEE 802.3, as spanning tree sends it.';
  return ETHER_TYPE_SENTENCES.get(ether_type) ?? 'Not IP: no rule is about it.';
}

export function vlanSentence(vlan_id: number): string {
  return vlan_id === 0 ? 'No tag, or the network card took it off before the hook.' : 'The id in the outer tag.';
}

const LONGEST = 0xffff;
/** IEEE 802.3 without the checksum. */
const SHORTEST_ON_A_WIRE = 60;

export function lengthSentence(length: number): string {
  if (length === LONGEST) return 'So long or longer: the field ends here. The byte counters are exact.';
  if (length < SHORTEST_ON_A_WIRE) return 'Shorter than a frame on a wire can be: it comes from a virtual interface.';
  return 'The whole frame at the hook, with its Ethernet header.';
}

export function weightSentence(weight: number): string {
  if (weight === 1) return 'It stands for itself: nothing was sampled.';
  return `It stands for ${weight} packets: so many came that the kernel recorded 1 of ${weight}, chosen by chance.`;
}
