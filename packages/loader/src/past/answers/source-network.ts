/** The networks by which sources are grouped: /24 of IPv4 and /48 of IPv6 (docs/decisions/recorder.md). */
import { formatNetwork, parseAddress } from '@packetlog/common';
import type { AddressWords } from './block-addresses.ts';

/** Lengths of the prefixes, of 32 bits and of 128 bits. */
export const SOURCE_PREFIX: Prefixes = { ipv4: 24, ipv6: 48 };
const MAPPED_BITS = 96;

interface Prefixes {
  readonly ipv4: number;
  readonly ipv6: number;
}

/** Returns the network of an address as text: `203.0.113.0/24`, `2001:db8:1::/48`. */
export function sourceNetwork(address: string): string {
  return networkText(parseAddress(address), SOURCE_PREFIX);
}

/** Returns the network of an address, given as 16 bytes, with the length of its prefix, or of one for each family. */
export function networkText(bytes: Uint8Array, prefix: number | Prefixes): string {
  const family = isMapped(bytes) ? 4 : 6;
  const length = typeof prefix === 'number' ? prefix : prefix[`ipv${family}`];
  const bits = family === 4 ? MAPPED_BITS + length : length;
  const masked = bytes.map((byte, i) => byte & ~(0xff >> Math.min(8, Math.max(0, bits - 8 * i))));
  return formatNetwork({ family, bytes: masked, bits });
}

/** Words in the byte order of the machine. */
const wordOf = (...bytes: number[]) => new Int32Array(Uint8Array.from(bytes).buffer)[0] as number;
/** The third word of ::ffff:0:0/96. */
const MAPPED = wordOf(0, 0, 0xff, 0xff);
/** Of the last word. */
const IPV4_MASK = wordOf(0xff, 0xff, 0xff, 0);
/** Of the second word: the last two of six bytes. */
const IPV6_MASK = wordOf(0xff, 0xff, 0, 0);

/** Returns the first address of the network of an address. Words are in the byte order of the machine. */
export function networkWords([a, b, c, d]: AddressWords): AddressWords {
  return a === 0 && b === 0 && c === MAPPED ? [a, b, c, d & IPV4_MASK] : [a, b & IPV6_MASK, 0, 0];
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes.every((byte, i) => i > 11 || byte === (i > 9 ? 0xff : 0));
}
