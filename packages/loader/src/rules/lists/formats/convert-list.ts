/** Detects the format of a list from its beginning, and converts other formats into lines of networks. */

import type { ConvertedList } from './converted-list.ts';
import { fromCsv } from './csv.ts';
import { fromHostsDeny } from './hosts-deny.ts';
import { fromIptables } from './iptables.ts';
import { beginsAsJson, fromJson } from './json.ts';
import { fromNft } from './nft.ts';

/** Number of bytes that show whether the list has one network per line, as most long lists do. */
const SNIFFED_BYTES = 4096;
const BLANK_OR_COMMENT = /^\s*(?:$|[#;])/;
/** A network with an optional comment. */
const PLAIN = /^\s*[\da-fA-F:.]+(?:\/\d{1,3})?\s*(?:[#;]|$)/;
const IPSET = /^(?:create|add|flush|destroy|swap|rename)\s/;

/** Converts a list. Returns undefined for one network per line, `ipset save`, and other line formats. */
export function convertList(text: Uint8Array): ConvertedList | undefined {
  const beginning = decode(text.subarray(0, SNIFFED_BYTES));
  const first = beginning.split('\n').find((line) => !BLANK_OR_COMMENT.test(line));
  if (first === undefined && text.length <= SNIFFED_BYTES) return undefined;
  if (first !== undefined && (PLAIN.test(first) || IPSET.test(first))) return undefined;
  const whole = decode(text);
  if (beginsAsJson(whole)) return fromJson(whole);
  const lines = whole.split(/\r?\n/);
  return fromNft(whole) ?? fromIptables(lines) ?? fromHostsDeny(lines) ?? fromCsv(lines);
}

/** Also decodes shared memory. */
function decode(text: Uint8Array): string {
  return Buffer.from(text.buffer, text.byteOffset, text.length).toString('utf8');
}
