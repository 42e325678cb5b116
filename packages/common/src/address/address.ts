/** Converts addresses between text and the 16 bytes of a record: IPv6, or IPv4 mapped into ::ffff:0:0/96. */

export const ADDRESS_BYTES = 16;

export class AddressError extends Error {
  override readonly name = 'AddressError';
  /** The text that could not be parsed. */
  readonly text: string;

  constructor(text: string) {
    super(`${JSON.stringify(text)} is not an address: write 192.0.2.1 or 2001:db8::1, without prefix or zone`);
    this.text = text;
  }
}

const DECIMAL = Array.from({ length: 256 }, (_, byte) => String(byte));
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16));
const HEX_PADDED = HEX.map((text) => text.padStart(2, '0'));

/**
 * Returns the text of the 16 bytes at `offset` (network byte order): RFC 5952, except that an IPv4-mapped address is
 * written as the IPv4 address it contains.
 * @throws RangeError when fewer than 16 bytes are there.
 */
export function formatAddress(bytes: Uint8Array, offset = 0): string {
  if (!(offset >= 0 && offset + ADDRESS_BYTES <= bytes.length)) {
    throw new RangeError(`an address needs 16 bytes at offset ${offset}, ${bytes.length} bytes are given`);
  }
  if (isMapped(bytes, offset)) {
    return `${DECIMAL[bytes[offset + 12] as number]}.${DECIMAL[bytes[offset + 13] as number]}.${
      DECIMAL[bytes[offset + 14] as number]
    }.${DECIMAL[bytes[offset + 15] as number]}`;
  }
  return formatIpv6(bytes, offset);
}

function isMapped(bytes: Uint8Array, offset: number): boolean {
  if (bytes[offset + 10] !== 0xff || bytes[offset + 11] !== 0xff) return false;
  for (let i = offset; i < offset + 10; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** RFC 5952 section 4: lower case, no leading zeros, `::` for the first longest run of two or more zero groups. */
function formatIpv6(bytes: Uint8Array, offset: number): string {
  let longestStart = -1;
  let longest = 1;
  let run = 0;
  for (let group = 0; group < 8; group++) {
    const at = offset + 2 * group;
    run = bytes[at] === 0 && bytes[at + 1] === 0 ? run + 1 : 0;
    if (run > longest) {
      longest = run;
      longestStart = group - run + 1;
    }
  }
  let text = '';
  for (let group = 0; group < 8; group++) {
    if (group === longestStart) {
      text += '::';
      group += longest - 1;
      continue;
    }
    if (group > 0 && group !== longestStart + longest) text += ':';
    const at = offset + 2 * group;
    const high = bytes[at] as number;
    const low = bytes[at + 1] as number;
    text += high === 0 ? HEX[low] : `${HEX[high]}${HEX_PADDED[low]}`;
  }
  return text;
}

const IPV4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

/**
 * Returns the 16 bytes of `a.b.c.d` (decimal, no leading zeros) or of an IPv6 address (RFC 4291 section 2.2).
 * @throws AddressError for anything else, prefixes and zones too.
 */
export function parseAddress(text: string): Uint8Array {
  const bytes = readAddress(text);
  if (bytes === undefined) throw new AddressError(text);
  return bytes;
}

/** Does the same without an exception, which costs more than the parsing; undefined: the text is not an address. */
export function readAddress(text: string): Uint8Array | undefined {
  const ipv4 = parseIpv4(text);
  if (ipv4 === undefined) return parseIpv6(text);
  const bytes = new Uint8Array(ADDRESS_BYTES);
  bytes.fill(0xff, 10, 12);
  bytes.set(ipv4, 12);
  return bytes;
}

type Octets = [number, number, number, number];

function parseIpv4(text: string): Octets | undefined {
  if (!IPV4.test(text)) return undefined;
  const octets = text.split('.').map(Number) as Octets;
  return octets.some((octet) => octet > 255) ? undefined : octets;
}

const GROUP = /^[0-9a-f]{1,4}$/i;

function parseIpv6(text: string): Uint8Array | undefined {
  const [before = '', after, ...more] = dottedTailAsHex(text).split('::');
  const left = groupsOf(before);
  const right = groupsOf(after ?? '');
  const missing = 8 - left.length - right.length;
  const wellFormed = more.length === 0 && (after === undefined ? missing === 0 : missing >= 1);
  if (!wellFormed || ![...left, ...right].every((group) => GROUP.test(group))) return undefined;
  const bytes = new Uint8Array(ADDRESS_BYTES);
  const data = new DataView(bytes.buffer);
  for (const [i, group] of left.entries()) data.setUint16(2 * i, Number.parseInt(group, 16));
  for (const [i, group] of right.entries()) data.setUint16(2 * (left.length + missing + i), Number.parseInt(group, 16));
  return bytes;
}

const groupsOf = (half: string) => (half === '' ? [] : half.split(':'));

/** Rewrites `64:ff9b::192.0.2.33` as `64:ff9b::c000:221`. */
function dottedTailAsHex(text: string): string {
  const tail = text.lastIndexOf(':') + 1;
  const octets = tail > 0 ? parseIpv4(text.slice(tail)) : undefined;
  if (octets === undefined) return text;
  const [a, b, c, d] = octets;
  return `${text.slice(0, tail)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
