/** Builds a frame that the parser reads as a given packet of the generator. */
import { addressBytes } from './generate.ts';
import type { Address, Packet } from './reference.ts';

const ETHERNET = 14;
const IPV4 = 20;
const IPV6 = 40;
/** Of the generator's packets. */
const MAX_FRAME = 1600;
/** Length of a TCP header; those of UDP and SCTP are shorter. */
const LAYER_4 = 20;
const TCP_DATA_OFFSET = 12;
const TCP_FLAGS = 13;

/** One buffer for all frames: allocating one per packet would take most of the time. */
const frame = new Uint8Array(MAX_FRAME);
const view = new DataView(frame.buffer);

/** Returns a frame that is valid until the next call. */
export function packetFrame(packet: Packet): Uint8Array {
  frame.fill(0);
  view.setUint16(12, packet.etherType);
  // Not IP, or truncated after the EtherType: no address, no protocol.
  if (!packet.source) return frame.subarray(0, ETHERNET);
  const at = packet.source.family === 4 ? ipv4(packet, packet.source) : ipv6(packet, packet.source);
  if (packet.destinationPort === undefined) return frame.subarray(0, at);
  view.setUint16(at, 40_000);
  view.setUint16(at + 2, packet.destinationPort);
  frame[at + TCP_DATA_OFFSET] = 5 << 4;
  frame[at + TCP_FLAGS] = packet.tcpFlags ?? 0;
  return frame.subarray(0, packet.length);
}

function ipv4({ ipProtocol, destination, destinationPort }: Packet, source: Address): number {
  frame[ETHERNET] = 0x45;
  view.setUint16(ETHERNET + 2, IPV4 + LAYER_4);
  // Ports cannot be read: a later fragment in IPv4, truncated in IPv6.
  view.setUint16(ETHERNET + 6, destinationPort === undefined ? 1 : 0);
  frame[ETHERNET + 9] = ipProtocol;
  frame.set(addressBytes(source).subarray(12), ETHERNET + 12);
  if (destination) frame.set(addressBytes(destination).subarray(12), ETHERNET + 16);
  return ETHERNET + IPV4;
}

function ipv6({ ipProtocol, destination }: Packet, source: Address): number {
  frame[ETHERNET] = 0x60;
  view.setUint16(ETHERNET + 4, LAYER_4);
  frame[ETHERNET + 6] = ipProtocol;
  frame.set(addressBytes(source), ETHERNET + 8);
  if (destination) frame.set(addressBytes(destination), ETHERNET + 24);
  return ETHERNET + IPV6;
}
