/** Detects whether a list may be truncated: a writer that died may leave an incomplete last line. */
import { isGzip, utf16Order } from './decode.ts';
import { beginsAsJson, beginsAsJsonLines, isJson } from './json.ts';

/** Longer than any line of a list. */
const TAIL_BYTES = 2000;
/** Longer than most lines of JSON. */
const JSON_TAIL_BYTES = 65_536;
/** Longer than any comments before JSON. */
const HEAD_BYTES = 4096;
/** A line whose meaning further characters cannot change: blank, a comment, or a network with a comment. */
const UNAMBIGUOUS = /^\s*(?:$|[#;]|[\da-fA-F:.]+(?:\/\d{1,3})?\s*[#;])/;
const PREFIX = /^\s*([\da-fA-F:.]+)\/(\d{1,3})$/;

export type End =
  /** The last line ends with a newline, or the list is empty. */
  | 'whole'
  /** gzip and JSON, also a last line of JSON: the format marks its end, so truncation is detected on reading. */
  | 'of its form'
  /** The last line has no newline, but further characters could not change its meaning. */
  | 'said'
  /** The last line may be the beginning of a longer one, as 192.0.2.1 is of 192.0.2.17. */
  | { readonly lastLine: string };

export function endOf(bytes: Uint8Array): End {
  if (bytes.length === 0) return 'whole';
  const order = utf16Order(bytes);
  // Checked before the last line: gzip and a JSON document may also be truncated after a newline.
  if (isGzip(bytes)) return 'of its form';
  const head = textOf(bytes.subarray(0, HEAD_BYTES), order);
  // A first line that is longer than the head may be the whole list.
  const isLines = head.includes('\n') && beginsAsJsonLines(head);
  if (!isLines && beginsAsJson(head)) return 'of its form';
  const tailBytes = isLines ? JSON_TAIL_BYTES : TAIL_BYTES;
  const tail = textOf(bytes.subarray(-tailBytes), order);
  if (tail.endsWith('\n')) return 'whole';
  const from = tail.lastIndexOf('\n') + 1;
  const lastLine = tail.slice(from);
  if (from === 0 && bytes.length > tailBytes) return { lastLine };
  if (isLines && lastLine.startsWith('{') && isJson(lastLine)) return 'of its form';
  return lastLine.endsWith('\r') || UNAMBIGUOUS.test(lastLine) || hasLongestPrefix(lastLine) ? 'said' : { lastLine };
}

/**
 * Returns whether one more digit would exceed the prefix length: /16 cannot be the beginning of a longer one, /1 can.
 */
function hasLongestPrefix(line: string): boolean {
  const [, address = '', prefix = ''] = PREFIX.exec(line) ?? [];
  return prefix !== '' && Number(prefix) * 10 > (address.includes(':') ? 128 : 32);
}

/** Decodes text, also from shared memory, and from a part that begins within a character. */
function textOf(bytes: Uint8Array, order: 'le' | 'be' | undefined): string {
  const copy = Buffer.from(bytes);
  if (order === undefined) return copy.toString('utf8');
  const even = copy.subarray(0, copy.length & ~1);
  return (order === 'be' ? even.swap16() : even).toString('utf16le');
}
