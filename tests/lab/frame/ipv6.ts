import { parseAddress } from '@packetlog/common';
import { concat, u16, u32 } from './bytes.ts';
import type { Layer } from './layer.ts';
import { ETHER_TYPE } from './link.ts';

export const EXTENSION = {
  hop_by_hop: 0,
  routing: 43,
  fragment: 44,
  authentication: 51,
  destination: 60,
  mobility: 135,
  hip: 139,
  shim6: 140,
} as const;

/** The last header of a chain without a payload (RFC 8200 4.7). */
export const NO_NEXT_HEADER = 59;

export interface Ipv6Options {
  readonly src?: string;
  readonly dst?: string;
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
  /** The fields below deliberately contradict the correct header. */
  readonly version?: number;
  readonly nextHeader?: number;
  readonly payloadLength?: number;
}

/** Builds an IPv6 packet (RFC 8200). */
export function ipv6(header: Ipv6Options, content: Layer): Layer {
  return { type: ETHER_TYPE.ipv6, bytes: () => ipv6Bytes(header, content) };
}

function ipv6Bytes(header: Ipv6Options, content: Layer): Uint8Array {
  const src = parseAddress(header.src ?? '2001:db8::1');
  const dst = parseAddress(header.dst ?? '2001:db8::2');
  const payload = content.bytes({ src, dst });
  const first = ((header.version ?? 6) << 28) | ((header.trafficClass ?? 0) << 20) | (header.flowLabel ?? 0);
  return concat(
    u32(first),
    u16(header.payloadLength ?? payload.length),
    [header.nextHeader ?? content.type, header.hopLimit ?? 64],
    src,
    dst,
    payload,
  );
}

/**
 * Builds an extension header of the common form: next header, length in units of 8 bytes beyond the first 8, body.
 * The body is one PadN option, which hop-by-hop and destination options require and the others ignore.
 */
export function extension(type: number, content: Layer, { units = 0 } = {}): Layer {
  const body = new Uint8Array(6 + units * 8);
  body.set([1, body.length - 2]);
  return { type, bytes: (ip) => concat([content.type, units], body, content.bytes(ip)) };
}

/** Builds an authentication header (RFC 4302): its length field counts words of 4 bytes, less 2. */
export function authentication(content: Layer, { icvBytes = 12 } = {}): Layer {
  const words = 3 + icvBytes / 4;
  const bytes: Layer['bytes'] = (ip) =>
    concat([content.type, words - 2], u16(0), u32(0x1000), u32(1), new Uint8Array(icvBytes), content.bytes(ip));
  return { type: EXTENSION.authentication, bytes };
}

/** Builds a fragment header (RFC 8200 4.5). `offset` is in units of 8 bytes, as on the wire. */
export function fragment(content: Layer, { offset = 0, more = false, id = 1 } = {}): Layer {
  const bytes: Layer['bytes'] = (ip) =>
    concat([content.type, 0], u16((offset << 3) | (more ? 1 : 0)), u32(id), content.bytes(ip));
  return { type: EXTENSION.fragment, bytes };
}
