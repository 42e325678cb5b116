/** One address or a network in CIDR notation. */
import { formatAddress, readAddress } from './address.ts';

export interface Network {
  /** As written: `::ffff:192.0.2.1` is IPv6. */
  readonly family: 4 | 6;
  /** 16 bytes as in a record. */
  readonly bytes: Uint8Array;
  /** Length of the prefix in `bytes`: 0 to 128 bits; 96 to 128 for an IPv4 network. */
  readonly bits: number;
}

/** Why a text is not a network. */
export interface NetworkProblem {
  /** The rest of a sentence that begins with the text. */
  readonly problem: string;
  /** What was probably meant. */
  readonly fix?: string;
}

export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  /** The text that could not be parsed. */
  readonly text: string;
  /** The rest of a sentence that begins with the text. */
  readonly problem: string;
  /** What was probably meant. */
  readonly fix: string | undefined;

  constructor(text: string, reason: NetworkProblem) {
    super(`${JSON.stringify(text)} ${formatNetworkProblem(reason)}`);
    this.text = text;
    this.problem = reason.problem;
    this.fix = reason.fix;
  }
}

const WIDTH = { 4: 32, 6: 128 } as const;
/** Prefix length of `::ffff:0:0`, into which IPv4 addresses are mapped. */
const MAPPED_BITS = 96;

/**
 * Parses `192.0.2.1`, `192.0.2.0/24`, `2001:db8::1` or `2001:db8::/32`.
 * @throws NetworkError for anything else, and for bits set after the prefix.
 */
export function parseNetwork(text: string): Network {
  const read = readNetwork(text);
  if ('problem' in read) throw new NetworkError(text, read);
  return read;
}

/** Does the same without an exception, which costs more than the parsing: for input with many texts. */
export function readNetwork(text: string): Network | NetworkProblem {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = address.includes(':') ? 6 : 4;
  const bytes = readAddress(address);
  if (bytes === undefined)
    return { problem: 'is neither an address nor a network: write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32' };
  const width = WIDTH[family];
  if (
    rest.length > 0 ||
    (prefix !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(prefix)) ||
    Number(prefix ?? 0) > width
  ) {
    return { problem: `has no prefix of 0 to ${width} bits behind the slash` };
  }
  const bits = 128 - width + Number(prefix ?? width);
  const masked = bytes.map((byte, i) => byte & maskOf(bits, i));
  if (masked.some((byte, i) => byte !== bytes[i])) {
    return { problem: 'has bits set behind its prefix', fix: `${formatAs(family, masked)}/${prefix}` };
  }
  return { family, bytes, bits };
}

/**
 * Converts a network of IPv4-mapped addresses to IPv4 (`::ffff:192.0.2.0/120` becomes `192.0.2.0/24`); returns any
 * other network unchanged. Sockets of both families print such addresses, packets never carry them.
 */
export function unmapped(network: Network): Network {
  const { family, bytes, bits } = network;
  const isMapped =
    family === 6 && bits >= MAPPED_BITS && bytes.every((byte, i) => i > 11 || byte === (i > 9 ? 255 : 0));
  return isMapped ? { family: 4, bytes, bits } : network;
}

/** Returns the rest of a sentence that begins with the text, with what to write instead. */
export function formatNetworkProblem({ problem, fix }: NetworkProblem): string {
  return fix === undefined ? problem : `${problem}: write ${fix}`;
}

/** Returns the same text for the same network, however it was written. */
export function formatNetwork({ family, bytes, bits }: Network): string {
  return `${formatAs(family, bytes)}/${bits - (128 - WIDTH[family])}`;
}

/** formatAddress writes a mapped address as IPv4; as IPv6 it needs its colons. */
function formatAs(family: 4 | 6, bytes: Uint8Array): string {
  const text = formatAddress(bytes);
  return family === 6 && !text.includes(':') ? `::ffff:${text}` : text;
}

/** Returns the bits of byte `i` that a prefix of `bits` covers. */
function maskOf(bits: number, i: number): number {
  const covered = Math.min(8, Math.max(0, bits - 8 * i));
  return 0xff & ~(0xff >> covered);
}
