/** Finds the range of a bookmark. */
import { SetupError } from '../../errors/setup-error.ts';
import type { TimeRange } from '../../past/reading/time-range.ts';
import { readBookmarks } from '../../recorder/format/bookmarks.ts';

/** Throws SetupError if there is no such bookmark. */
export function bookmarkRange(directory: string, id: number): TimeRange {
  const stored = readBookmarks(directory);
  const found = stored?.bookmarks.find((bookmark) => bookmark.id === id);
  if (found !== undefined) return { fromNs: found.from_ns, toNs: found.to_ns };
  const ids = stored?.bookmarks.map((bookmark) => `${bookmark.id} (${bookmark.note})`) ?? [];
  throw new SetupError({
    step: 'export',
    target: `bookmark ${id}`,
    problem: stored === undefined ? 'bookmarks.json is damaged' : 'there is no such bookmark',
    next: ids.length === 0 ? 'Choose a range with --from and --to.' : `Those that exist: ${ids.join(', ')}.`,
    exit: 'usage',
  });
}
