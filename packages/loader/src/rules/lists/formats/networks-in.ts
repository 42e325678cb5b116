/** Whether text is an address, a network or a range of addresses, as lists write them. */
import { NetworkError, parseNetwork } from '@packetlog/common';
import { parseRange } from './range.ts';

/** 4 or 6; undefined: none of these. Nothing longer than an address is looked at. */
export function familyOf(text: string): 4 | 6 | undefined {
  if (text.length < 2 || text.length > 100 || !/^[\da-fA-F:.]/.test(text)) return undefined;
  try {
    return parseNetwork(text).family;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return parseRange(text)?.[0]?.family;
  }
}
