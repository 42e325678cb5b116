/** Bookmarks as rows. */
import type { Bookmark } from '@packetlog/common';
import { grouped, utcText } from '../../past/reading/report-text.ts';
import { printableName } from '../../system/interface-name.ts';
import type { ResultTable } from '../query/result-table.ts';

const NS_PER_MS = 1_000_000n;

export function bookmarksTable(bookmarks: readonly Bookmark[]): ResultTable {
  const time = (ms: number) => ({ value: ms, text: utcText(BigInt(ms) * NS_PER_MS) });
  return {
    fields: ['id', 'from_ms', 'to_ms', 'bytes', 'note'],
    headings: { from_ms: 'from (UTC)', to_ms: 'to (UTC)' },
    texts: new Set([1, 2, 4]),
    rows: bookmarks.map(({ id, from_ms, to_ms, bytes, note }) => [
      { value: id, text: String(id) },
      time(from_ms),
      time(to_ms),
      { value: bytes, text: grouped(bytes) },
      { value: note, text: printableName(note) },
    ]),
  };
}
