/** One address or a network in CIDR notation. */
import { formatAddress, parseAddress } from './address.ts';

export interface Network {
  /** As written: `::ffff:192.0.2.1` is IPv6. */
  readonly family: 4 | 6;
  /** 16 bytes as in a record. */
  readonly bytes: Uint8Array;
  /** Length of the prefix in `bytes`: 0 to 128 bits; 96 to 128 for an IPv4 network. */
  readonly bits: number;
}

export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  /** The text that could not be parsed. */
  readonly text: string;
  /** The rest of a sentence that begins with the text. */
  readonly problem: string;
  /** What was probably meant. */
  readonly fix: string | undefined;

  constructor(text: string, problem: string, { fix, ...options }: ErrorOptions & { fix?: string } = {}) {
    super(`${JSON.stringify(text)} ${problem}${fix === undefined ? '' : `: write ${fix}`}`, options);
    this.text = text;
    this.problem = problem;
    this.fix = fix;
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
  const [address = '', prefix, ...rest] = text.split('/');
  const family = address.includes(':') ? 6 : 4;
  const bytes = addressOf(text, address);
  const width = WIDTH[family];
  if (
    rest.length > 0 ||
    (prefix !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(prefix)) ||
    Number(prefix ?? 0) > width
  ) {
    throw new NetworkError(text, `has no prefix of 0 to ${width} bits behind the slash`);
  }
  const bits = 128 - width + Number(prefix ?? width);
  const masked = bytes.map((byte, i) => byte & maskOf(bits, i));
  if (masked.some((byte, i) => byte !== bytes[i])) {
    throw new NetworkError(text, 'has bits set behind its prefix', { fix: `${formatAs(family, masked)}/${prefix}` });
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

/** Returns the same text for the same network, however it was written. */
export function formatNetwork({ family, bytes, bits }: Network): string {
  return `${formatAs(family, bytes)}/${bits - (128 - WIDTH[family])}`;
}

function addressOf(text: string, address: string): Uint8Array {
  try {
    return parseAddress(address);
  } catch (cause) {
    throw new NetworkError(
      text,
      'is neither an address nor a network: write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32',
      {
        cause,
      },
    );
  }
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
