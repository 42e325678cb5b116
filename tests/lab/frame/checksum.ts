import { concat, u32 } from './bytes.ts';
import type { PseudoHeader } from './layer.ts';

/** Computes the Internet checksum (RFC 1071) of `bytes`, as if padded with a zero to an even length. */
export function internetChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
    if (sum > 0xffff) sum = (sum & 0xffff) + 1;
  }
  return ~sum & 0xffff;
}

/**
 * Computes the checksum of a segment with the pseudo-header of IPv4 (RFC 9293 3.1) or IPv6 (RFC 8200 8.1). Both sum the
 * same words, so one form serves both. Returns 0xffff for 0, as UDP requires.
 */
export function transportChecksum(ip: PseudoHeader, protocol: number, segment: Uint8Array): number {
  const pseudo = concat(ip.src, ip.dst, u32(segment.length), u32(protocol));
  return internetChecksum(concat(pseudo, segment)) || 0xffff;
}

/** Computes CRC32c as SCTP carries it (RFC 9260 appendix A): the bytes of the result in little-endian order. */
export function crc32c(bytes: Uint8Array): readonly number[] {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return [...u32(~crc >>> 0)].reverse();
}
