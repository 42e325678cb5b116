import { parseAddress } from '@packetlog/common';
import { concat, mac, u16 } from './bytes.ts';
import type { Layer } from './layer.ts';

export const ETHER_TYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  ipv6: 0x86dd,
  mpls: 0x8847,
  pppoe_session: 0x8864,
  provider_vlan: 0x88a8,
  lldp: 0x88cc,
  old_provider_vlan: 0x9100,
} as const;

export const CLIENT_MAC = '02:00:00:00:00:01';
export const SERVER_MAC = '02:00:00:00:00:02';

export interface EthernetOptions {
  readonly src?: string;
  readonly dst?: string;
  /** Instead of the content's own type: an EtherType, or an 802.3 length. */
  readonly type?: number;
  /** Bytes after the content, such as the padding of a short frame. */
  readonly trailer?: ArrayLike<number>;
}

/** Builds a whole frame without its check sequence, as XDP sees it. */
export function ethernet(content: Layer, options: EthernetOptions = {}): Uint8Array {
  const { src = CLIENT_MAC, dst = SERVER_MAC, type = content.type, trailer = [] } = options;
  return concat(mac(dst), mac(src), u16(type), content.bytes(), trailer);
}

export interface VlanOptions {
  readonly tpid?: number;
  readonly priority?: number;
  readonly dropEligible?: boolean;
}

/** Puts one IEEE 802.1Q tag around `content`. Nest calls for stacked tags, outer first. */
export function vlan(id: number, content: Layer, options: VlanOptions = {}): Layer {
  const { tpid = ETHER_TYPE.vlan, priority = 0, dropEligible = false } = options;
  const control = (priority << 13) | (dropEligible ? 0x1000 : 0) | (id & 0x0fff);
  return { type: tpid, bytes: () => concat(u16(control), u16(content.type), content.bytes()) };
}

export interface PppoeOptions {
  /** Instead of the content's own PPP protocol. */
  readonly protocol?: number;
  /** Omits the first byte of the protocol where it is 0 (RFC 1661, 6.5). */
  readonly compressed?: boolean;
}

const PPP_PROTOCOL: Readonly<Record<number, number>> = { [ETHER_TYPE.ipv4]: 0x0021, [ETHER_TYPE.ipv6]: 0x0057 };

/** Builds a PPPoE session frame (RFC 2516) around IP. */
export function pppoe(content: Layer, options: PppoeOptions = {}): Layer {
  const { protocol = PPP_PROTOCOL[content.type] ?? 0, compressed = false } = options;
  const bytes = () => {
    const payload = concat(compressed ? [protocol & 0xff] : u16(protocol), content.bytes());
    return concat([0x11, 0], u16(1), u16(payload.length), payload);
  };
  return { type: ETHER_TYPE.pppoe_session, bytes };
}

export interface ArpOptions {
  readonly operation?: 'request' | 'reply';
  readonly sender?: string;
  readonly target?: string;
}

/** Builds an ARP packet for IPv4 over Ethernet (RFC 826). */
export function arp({ operation = 'request', sender = '192.0.2.1', target = '192.0.2.2' }: ArpOptions = {}): Layer {
  const bytes = () =>
    concat(
      u16(1),
      u16(ETHER_TYPE.ipv4),
      [6, 4],
      u16(operation === 'request' ? 1 : 2),
      mac(CLIENT_MAC),
      parseAddress(sender).subarray(12),
      new Uint8Array(6),
      parseAddress(target).subarray(12),
    );
  return { type: ETHER_TYPE.arp, bytes };
}
