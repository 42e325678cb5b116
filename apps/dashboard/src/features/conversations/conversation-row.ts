import {
  allOf,
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  type Filter,
  formatFilter,
  formatNetwork,
  hasPorts,
  IP_PROTOCOL_NONE,
  parseNetwork,
  tcpFlagsText,
} from '@packetlog/common';
import { ageText } from '../../text/clock.ts';
import { formatBytes, formatCompact, formatCount, quantityText } from '../../text/number.ts';
import { type Endpoint, type PacketRow, packetRow } from '../../text/row-text.ts';
import type { Conversations } from './conversations.ts';

const TCP = 6;
/** Stands for ports that differ from packet to packet. */
const MANY = '*';
/** A longer number would need a wider column. */
const SHORTENED_FROM = 1_000_000;

/** One conversation as the table prints it. */
export interface ConversationRow {
  /** Its newest packet; the ports and flags are those of all its packets. */
  readonly packet: PacketRow;
  readonly packets: number;
  /** '×248 in 1.2 s'. */
  readonly count: string;
  readonly bytes: string;
}

export function conversationRow(
  conversations: Conversations,
  place: number,
  interfaceName: (ifindex: number) => string | undefined,
): ConversationRow {
  const { newest } = conversations;
  const packet = packetRow(newest, place, interfaceName);
  const packets = conversations.packets[place] as number;
  const span = (conversations.lastMs[place] as number) - (conversations.firstMs[place] as number);
  return {
    packet: {
      ...packet,
      src: conversations.manySourcePorts[place] === 1 ? manyPorts(packet.src) : packet.src,
      dst: conversations.manyDestinationPorts[place] === 1 ? manyPorts(packet.dst) : packet.dst,
      service: conversations.manyDestinationPorts[place] === 1 ? '' : packet.service,
      detail: newest.ipProtocol(place) === TCP ? tcpFlagsText(conversations.flags[place] as number) : packet.detail,
    },
    packets,
    count: countText(packets, span),
    bytes: quantityText(formatBytes(conversations.bytes[place] as number)),
  };
}

function manyPorts(endpoint: Endpoint): Endpoint {
  return endpoint.port === '' ? endpoint : { ...endpoint, port: MANY };
}

export function countText(packets: number, spanMs: number): string {
  const count = packets < SHORTENED_FROM ? formatCount(packets) : quantityText(formatCompact(packets));
  if (packets <= 1 || spanMs <= 0) return `×${count}`;
  return `×${count} in ${spanMs < 95 ? `${Math.max(1, Math.round(spanMs))} ms` : ageText(spanMs)}`;
}

/** Lets through what belongs to it, and little else; null where the frame is no IP packet. */
export function conversationFilter(conversations: Conversations, place: number): string | null {
  const { newest } = conversations;
  const etherType = newest.etherType(place);
  if (etherType !== ETHER_TYPE_IPV4 && etherType !== ETHER_TYPE_IPV6) return null;
  const protocol = newest.ipProtocol(place);
  const terms: Filter[] = [
    { kind: 'network', side: 'src', network: networkOf(newest.srcAddr(place)) },
    { kind: 'network', side: 'dst', network: networkOf(newest.dstAddr(place)) },
  ];
  if (protocol !== IP_PROTOCOL_NONE) {
    terms.push({ kind: 'number', field: 'ip_protocol', comparison: '=', value: protocol });
  }
  if (hasPorts(protocol)) {
    const [sources, destinations] = [conversations.manySourcePorts[place], conversations.manyDestinationPorts[place]];
    const [from, to] = [newest.srcPort(place), newest.dstPort(place)];
    if (destinations === 0) terms.push({ kind: 'port', side: 'dst', from: to, to });
    else if (sources === 0) terms.push({ kind: 'port', side: 'src', from, to: from });
  }
  return formatFilter(allOf(terms));
}

function networkOf(address: string): string {
  return formatNetwork(parseNetwork(address));
}
