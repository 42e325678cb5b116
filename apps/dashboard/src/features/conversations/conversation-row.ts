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
/** Shown where ports differ between packets. */
const MANY = '*';
/** Longer numbers are shortened to fit the column. */
const SHORTENED_FROM = 1_000_000;

/** A conversation as the table shows it. */
export interface ConversationRow {
  /** The newest packet, with the ports and flags of all packets. */
  readonly packet: PacketRow;
  readonly packets: number;
  /** '×248 in 1.2 s'. */
  readonly count: string;
  readonly bytes: string;
}

export function conversationRow(
  conversations: Conversations,
  index: number,
  interfaceName: (ifindex: number) => string | undefined,
): ConversationRow {
  const { newest } = conversations;
  const packet = packetRow(newest, index, interfaceName);
  const packets = conversations.packets[index] as number;
  const span = (conversations.lastMs[index] as number) - (conversations.firstMs[index] as number);
  return {
    packet: {
      ...packet,
      src: conversations.manySourcePorts[index] === 1 ? manyPorts(packet.src) : packet.src,
      dst: conversations.manyDestinationPorts[index] === 1 ? manyPorts(packet.dst) : packet.dst,
      service: conversations.manyDestinationPorts[index] === 1 ? '' : packet.service,
      detail: newest.ipProtocol(index) === TCP ? tcpFlagsText(conversations.flags[index] as number) : packet.detail,
    },
    packets,
    count: countText(packets, span),
    bytes: quantityText(formatBytes(conversations.bytes[index] as number)),
  };
}

/** Shows the ports as different. */
export function manyPorts(endpoint: Endpoint): Endpoint {
  return endpoint.port === '' ? endpoint : { ...endpoint, port: MANY };
}

export function countText(packets: number, spanMs: number): string {
  const count = packets < SHORTENED_FROM ? formatCount(packets) : quantityText(formatCompact(packets));
  if (packets <= 1 || spanMs <= 0) return `×${count}`;
  return `×${count} in ${spanMs < 95 ? `${Math.max(1, Math.round(spanMs))} ms` : ageText(spanMs)}`;
}

/** Returns a filter that matches the conversation and little else; null if its frames are not IP. */
export function conversationFilter(conversations: Conversations, index: number): string | null {
  const { newest } = conversations;
  const etherType = newest.etherType(index);
  if (etherType !== ETHER_TYPE_IPV4 && etherType !== ETHER_TYPE_IPV6) return null;
  const protocol = newest.ipProtocol(index);
  const terms: Filter[] = [addressTerm('src', newest.srcAddr(index)), addressTerm('dst', newest.dstAddr(index))];
  if (protocol !== IP_PROTOCOL_NONE) {
    terms.push({ kind: 'number', field: 'ip_protocol', comparison: '=', value: protocol });
  }
  if (hasPorts(protocol)) {
    const [sources, destinations] = [conversations.manySourcePorts[index], conversations.manyDestinationPorts[index]];
    const [from, to] = [newest.srcPort(index), newest.dstPort(index)];
    if (destinations === 0) terms.push({ kind: 'port', side: 'dst', from: to, to });
    else if (sources === 0) terms.push({ kind: 'port', side: 'src', from, to: from });
  }
  return formatFilter(allOf(terms));
}

/** Returns a filter that matches this source or destination. */
export function addressTerm(side: 'src' | 'dst', address: string): Filter {
  return { kind: 'network', side, network: formatNetwork(parseNetwork(address)) };
}
