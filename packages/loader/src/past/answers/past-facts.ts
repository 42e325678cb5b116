/** Answers `past:facts`. */
import type { Bookmark, PastFacts, SegmentFacts } from '@packetlog/common';
import { readBookmarks } from '../../recorder/format/bookmarks.ts';
import { overlaps } from '../reading/time-range.ts';
import type { Answering, PastView } from './past-view.ts';

/** What the recorder knows. */
export type RecorderFacts = Pick<PastFacts, 'bytes' | 'max_bytes' | 'keep_ms' | 'is_anonymized'>;

const NS_PER_MS = 1_000_000n;

/** Reads the index of each segment. */
export function* pastFacts(view: PastView, recorder: RecorderFacts): Answering<PastFacts> {
  const range = { fromNs: undefined, toNs: undefined };
  const bookmarks = (readBookmarks(view.directory)?.bookmarks ?? []).map((bookmark) => ({ ...bookmark, bytes: 0 }));
  const wants = (facts: SegmentFacts, bytes: number) => {
    for (const bookmark of bookmarks) {
      if (overlaps({ fromNs: bookmark.from_ns, toNs: bookmark.to_ns }, facts)) bookmark.bytes += bytes;
    }
    return false;
  };
  yield* view.blocks.steps({ range, filter: undefined, wants }, () => {});
  const { oldestNs = 0n, newestNs = 0n } = view.blocks;
  return {
    ...recorder,
    oldest_ms: msOf(oldestNs),
    newest_ms: msOf(newestNs),
    bookmarks: bookmarks.map(
      ({ id, from_ns, to_ns, note, bytes }): Bookmark => ({
        id,
        from_ms: msOf(from_ns),
        to_ms: msOf(to_ns),
        note,
        bytes,
      }),
    ),
  };
}

function msOf(ns: bigint): number {
  return Number(ns / NS_PER_MS);
}
