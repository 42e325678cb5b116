/** Reads the bookmarks of a directory, without a loader. */
import type { Bookmark } from '@packetlog/common';
import { SetupError } from '../../errors/setup-error.ts';
import { pastFacts } from '../../past/answers/past-facts.ts';
import { PastView } from '../../past/answers/past-view.ts';
import { KnownFacts } from '../../past/reading/known-facts.ts';
import { readBookmarks } from '../../recorder/format/bookmarks.ts';

const NO_RECORDER = { bytes: 0, max_bytes: 0, is_anonymized: false };

/** @throws SetupError if `bookmarks.json` is damaged, or the error of the file system */
export function storedBookmarks(directory: string): readonly Bookmark[] {
  if (readBookmarks(directory) === undefined) {
    throw new SetupError({
      step: 'read bookmarks in',
      target: directory,
      problem: 'bookmarks.json is damaged',
      next: 'Repair it, or start packetlog, which renames it.',
      exit: 'failed',
    });
  }
  const answering = pastFacts(new PastView(directory, new KnownFacts()), NO_RECORDER);
  for (;;) {
    const step = answering.next();
    if (step.done) return step.value.bookmarks;
  }
}
