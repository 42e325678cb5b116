/** Decodes a list to UTF-8 from gzip and UTF-16, and rejects other compression formats by name. */
import { gunzipSync } from 'node:zlib';

/** Limit for a list after decompression. */
const MAX_BYTES = 256 * 1024 * 1024;

export interface Decoded {
  readonly text: Uint8Array;
  /** How the list was decoded, as sentences. */
  readonly notes: readonly string[];
  /** Why it cannot be read, as the predicate of a sentence about the list; `text` is then empty. */
  readonly problem?: string;
}

const PACKED: readonly (readonly [name: string, magic: readonly number[], command: string])[] = [
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a], 'xz -dc'],
  ['bzip2', [0x42, 0x5a, 0x68], 'bzip2 -dc'],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd], 'zstd -dc'],
  ['zip', [0x50, 0x4b, 0x03, 0x04], 'unzip -p'],
];
const GZIP = [0x1f, 0x8b];
const UTF_8_MARK = [0xef, 0xbb, 0xbf];
const UTF_16_LE_MARK = [0xff, 0xfe];
const UTF_16_BE_MARK = [0xfe, 0xff];

export function isGzip(bytes: Uint8Array): boolean {
  return begins(bytes, GZIP);
}

/** Decodes a list. Never throws. Returns plain text as it is, without a copy. */
export function decodeList(bytes: Uint8Array): Decoded {
  if (isGzip(bytes)) return decompressed(bytes);
  const packed = PACKED.find(([, magic]) => begins(bytes, magic));
  if (packed) {
    const [name, , command] = packed;
    return failed(
      `is compressed with ${name}: decompress it first (${command} FILE | packetlog rules import - --set NAME)`,
    );
  }
  if (begins(bytes, UTF_8_MARK)) return { text: bytes.subarray(UTF_8_MARK.length), notes: [] };
  const order = utf16Order(bytes);
  return order === undefined ? { text: bytes, notes: [] } : fromUtf16(bytes, order);
}

function decompressed(bytes: Uint8Array): Decoded {
  let text: Uint8Array;
  try {
    text = gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    const isLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    if (isLarge) return failed(`is more than ${MAX_BYTES} bytes when decompressed: split it into several sets`);
    return failed('is compressed with gzip and cannot be decompressed: it is damaged or incomplete, download it again');
  }
  if (isGzip(text)) return failed('is compressed with gzip twice: decompress it first (gzip -dc FILE)');
  const inner = decodeList(text);
  return { ...inner, notes: ['Decompressed with gzip.', ...inner.notes] };
}

/** Returns the byte order if the text begins with a byte order mark, or with zeros next to its first two characters. */
export function utf16Order(bytes: Uint8Array): 'le' | 'be' | undefined {
  if (begins(bytes, UTF_16_LE_MARK)) return 'le';
  if (begins(bytes, UTF_16_BE_MARK)) return 'be';
  const [a, b, c, d] = bytes;
  if (a && b === 0 && c && d === 0) return 'le';
  return a === 0 && b && c === 0 && d ? 'be' : undefined;
}

function fromUtf16(bytes: Uint8Array, order: 'le' | 'be'): Decoded {
  const even = new Uint8Array(bytes.subarray(0, bytes.length & ~1));
  if (order === 'be') Buffer.from(even.buffer).swap16();
  const text = Buffer.from(even.buffer)
    .toString('utf16le')
    .replace(/^\ufeff/, '');
  return { text: Buffer.from(text), notes: ['Read as UTF-16.'] };
}

function failed(problem: string): Decoded {
  return { text: new Uint8Array(0), notes: [], problem };
}

function begins(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);
}
