import { concat, u16, u32 } from './bytes.ts';
import { crc32c, internetChecksum, transportChecksum } from './checksum.ts';
import type { Layer, PseudoHeader } from './layer.ts';

export const PROTOCOL = {
  icmp: 1,
  ipip: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  esp: 50,
  icmpv6: 58,
  sctp: 132,
  udplite: 136,
} as const;

/** Bits of byte 13 of the TCP header (RFC 9293 3.1). */
export const TCP = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 } as const;

export const CLIENT_PORT = 40001;
export const SERVER_PORT = 8080;

interface Ports {
  readonly src?: number;
  readonly dst?: number;
}

const ports = ({ src = CLIENT_PORT, dst = SERVER_PORT }: Ports) => [...u16(src), ...u16(dst)];

/** Returns `segment` with the checksum at `at`, if there is an IP header below to take the pseudo-header from. */
function summed(segment: Uint8Array, at: number, protocol: number, ip: PseudoHeader | undefined): Uint8Array {
  if (ip) segment.set(u16(transportChecksum(ip, protocol, segment)), at);
  return segment;
}

export interface TcpOptions extends Ports {
  readonly flags?: number;
  readonly sequence?: number;
  readonly acknowledgement?: number;
  readonly window?: number;
  /** A multiple of 4 bytes. */
  readonly options?: ArrayLike<number>;
  /** In words of 4 bytes, instead of the correct one. */
  readonly dataOffset?: number;
}

export function tcp(header: TcpOptions = {}, payload: ArrayLike<number> = []): Layer {
  const options = header.options ?? [];
  const words = header.dataOffset ?? 5 + options.length / 4;
  const segment = concat(
    ports(header),
    u32(header.sequence ?? 1),
    u32(header.acknowledgement ?? 0),
    [words << 4, header.flags ?? TCP.syn],
    u16(header.window ?? 65535),
    u16(0),
    u16(0),
    options,
    payload,
  );
  return { type: PROTOCOL.tcp, bytes: (ip) => summed(segment.slice(), 16, PROTOCOL.tcp, ip) };
}

export function udp(header: Ports = {}, payload: ArrayLike<number> = []): Layer {
  const segment = concat(ports(header), u16(8 + payload.length), u16(0), payload);
  return { type: PROTOCOL.udp, bytes: (ip) => summed(segment.slice(), 6, PROTOCOL.udp, ip) };
}

/** Builds a UDP-Lite packet (RFC 3828) with coverage 0: the checksum covers everything. */
export function udplite(header: Ports = {}, payload: ArrayLike<number> = []): Layer {
  const segment = concat(ports(header), u16(0), u16(0), payload);
  return { type: PROTOCOL.udplite, bytes: (ip) => summed(segment.slice(), 6, PROTOCOL.udplite, ip) };
}

/**
 * Builds an SCTP packet (RFC 9260): the common header of 12 bytes and one chunk, by default a COOKIE ACK without a
 * body.
 */
export function sctp(header: Ports = {}, chunk: ArrayLike<number> = [11, 0, 0, 4]): Layer {
  const packet = concat(ports(header), u32(0x01020304), u32(0), chunk);
  packet.set(crc32c(packet), 8);
  return { type: PROTOCOL.sctp, bytes: () => packet.slice() };
}

export interface IcmpOptions {
  readonly type: number;
  readonly code?: number;
}

export function icmp({ type, code = 0 }: IcmpOptions, payload: ArrayLike<number> = []): Layer {
  const message = concat([type, code], u16(0), u32(0x00010001), payload);
  message.set(u16(internetChecksum(message)), 2);
  return { type: PROTOCOL.icmp, bytes: () => message.slice() };
}

export function icmpv6({ type, code = 0 }: IcmpOptions, payload: ArrayLike<number> = []): Layer {
  const message = concat([type, code], u16(0), u32(0x00010001), payload);
  return { type: PROTOCOL.icmpv6, bytes: (ip) => summed(message.slice(), 2, PROTOCOL.icmpv6, ip) };
}

/** Puts a GRE header without options (RFC 2784) around a packet. */
export function gre(content: Layer): Layer {
  return { type: PROTOCOL.gre, bytes: () => concat(u16(0), u16(content.type), content.bytes()) };
}

/** Builds an ESP packet (RFC 4303): everything after SPI and sequence number is opaque. */
export function esp(opaque: ArrayLike<number>): Layer {
  return { type: PROTOCOL.esp, bytes: () => concat(u32(0x2000), u32(1), opaque) };
}

/** Puts an IP packet inside IP: protocol 4 for IPv4 (RFC 2003), 41 for IPv6 (RFC 4213). */
export function tunnelled(packet: Layer): Layer {
  const protocol = packet.type === 0x86dd ? PROTOCOL.ipv6 : PROTOCOL.ipip;
  return { type: protocol, bytes: () => packet.bytes() };
}
