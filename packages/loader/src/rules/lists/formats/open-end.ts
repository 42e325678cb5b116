/** Whether the end of a list may be the middle of it: a writer that died leaves a last line that is cut off. */
import { isGzip, utf16Order } from './decode.ts';
import { beginsAsJson } from './json.ts';

/** No line of a list is longer. */
const TAIL_BYTES = 2000;
/** Comments before JSON are shorter. */
const HEAD_BYTES = 4096;
/** What follows cannot change what this says: nothing, a comment, or a network and a comment. */
const SAID = /^\s*(?:$|[#;]|[\da-fA-F:.]+(?:\/\d{1,3})?\s*[#;])/;
const PREFIX = /^\s*([\da-fA-F:.]+)\/(\d{1,3})$/;

export type End =
  /** The last line has its newline, or is none. */
  | 'whole'
  /** gzip and JSON say themselves where they end: what is cut off cannot be read. */
  | 'of its form'
  /** It has no newline, and means the same whatever would follow. */
  | 'said'
  /** It may be the beginning of a longer line, as 192.0.2.1 is of 192.0.2.17. */
  | { readonly lastLine: string };

export function endOf(bytes: Uint8Array): End {
  if (bytes.length === 0) return 'whole';
  const order = utf16Order(bytes);
  // Before its last line: JSON and gzip may be cut off behind a newline, too.
  if (isGzip(bytes) || beginsAsJson(textOf(bytes.subarray(0, HEAD_BYTES), order))) return 'of its form';
  const tail = textOf(bytes.subarray(-TAIL_BYTES), order);
  if (tail.endsWith('\n')) return 'whole';
  const from = tail.lastIndexOf('\n') + 1;
  const lastLine = tail.slice(from);
  const isSeenWhole = from > 0 || bytes.length <= TAIL_BYTES;
  return isSeenWhole && (lastLine.endsWith('\r') || SAID.test(lastLine) || hasLongestPrefix(lastLine))
    ? 'said'
    : { lastLine };
}

/** One more digit would make no prefix length: /16 cannot be the beginning of another one, /1 can. */
function hasLongestPrefix(line: string): boolean {
  const [, address = '', prefix = ''] = PREFIX.exec(line) ?? [];
  return prefix !== '' && Number(prefix) * 10 > (address.includes(':') ? 128 : 32);
}

/** Also of shared memory, and of a part that begins inside a character. */
function textOf(bytes: Uint8Array, order: 'le' | 'be' | undefined): string {
  const copy = Buffer.from(bytes);
  if (order === undefined) return copy.toString('utf8');
  const even = copy.subarray(0, copy.length & ~1);
  return (order === 'be' ? even.swap16() : even).toString('utf16le');
}
