/** Recognizes addresses, networks and ranges of addresses in the notations of lists. */
import { readNetwork } from '@packetlog/common';
import { parseRange } from './range.ts';

/** Returns 4 or 6; undefined for other text. Text of more than 100 characters is never parsed. */
export function familyOf(text: string): 4 | 6 | undefined {
  if (text.length < 2 || text.length > 100 || !/^[\da-fA-F:.]/.test(text)) return undefined;
  const read = readNetwork(text);
  return 'problem' in read ? parseRange(text)?.[0]?.family : read.family;
}
