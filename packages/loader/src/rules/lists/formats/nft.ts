/** Reads the output of `nft list set`: the elements of one set. */
import type { ConvertedList } from './converted-list.ts';

const SET = /\b(?:set|map)\s+(\S+)\s*\{/g;
const ELEMENTS = /\belements\s*=\s*\{([^{}]*)\}/g;

/** Converts the elements of the set, one per line. Returns undefined if `text` is not nftables output. */
export function fromNft(text: string): ConvertedList | undefined {
  if (!/^\s*(?:#[^\n]*\n\s*)*(?:table|set|map|add\s+element|elements\s*=)\s/.test(text)) return undefined;
  const bare = text.replaceAll(/#[^\n]*/g, '').replaceAll(/"[^"\n]*"/g, '""');
  const elements = [...bare.matchAll(ELEMENTS)].map(([, inside = '']) => inside);
  const added = [...bare.matchAll(/\badd\s+element\s+[^{}]{0,200}\{([^{}]*)\}/g)].map(([, inside = '']) => inside);
  const all = [...elements, ...added];
  if (all.length === 0) return { lines: [], notes: [], problem: 'is nftables output without elements' };
  const names = [...bare.matchAll(SET)].map(([, name = '']) => name);
  if (all.length > 1 || names.length > 1) {
    const which = names.length > 1 ? ` (${names.join(', ')})` : '';
    return {
      lines: [],
      notes: [],
      problem: `is nftables output with several sets${which}: print one with nft list set FAMILY TABLE NAME`,
    };
  }
  const lines = (all[0] ?? '').split(',').map(elementOf).filter(Boolean);
  return { lines, notes: [`Read as the elements of nftables set ${names[0] ?? ''}.`.replace(' .', '.')] };
}

/** Removes the counter and the comment of an element. Keeps its timeout, so that it is rejected, not made permanent. */
function elementOf(text: string): string {
  return text
    .trim()
    .replaceAll(/\s+/g, ' ')
    .replace(/ counter packets \d+ bytes \d+/, '')
    .replace(/ comment ""/, '')
    .replace(/ expires \S+/, '');
}
