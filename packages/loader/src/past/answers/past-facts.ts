/** Answers `past:facts`. */
import type { PastFacts } from '@packetlog/common';
import type { Answering, PastView } from './past-view.ts';

/** What the recorder knows. */
export type RecorderFacts = Pick<PastFacts, 'bytes' | 'max_bytes' | 'keep_ms' | 'is_anonymized'>;

const NS_PER_MS = 1_000_000n;

/** Reads the index of each segment. */
export function* pastFacts(view: PastView, recorder: RecorderFacts): Answering<PastFacts> {
  const range = { fromNs: undefined, toNs: undefined };
  yield* view.blocks.steps({ range, filter: undefined, wants: () => false }, () => {});
  const { oldestNs = 0n, newestNs = 0n } = view.blocks;
  return {
    ...recorder,
    oldest_ms: Number(oldestNs / NS_PER_MS),
    newest_ms: Number(newestNs / NS_PER_MS),
    bookmarks: [],
  };
}
