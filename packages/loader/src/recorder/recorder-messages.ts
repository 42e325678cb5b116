/** Messages between the main thread and the recorder's thread. */
import type { BookmarkResult, NewBookmark } from './writer/kept-bookmarks.ts';
import type { RecordedRules } from './writer/recorder-settings.ts';
import type { RecordingChange } from './writer/segment-recorder.ts';

export type ToRecorderThread =
  /** The interfaces from now on: their names by ifindex. */
  | { type: 'interfaces'; names: Readonly<Record<string, string>> }
  | { type: 'rules'; rules: RecordedRules }
  | { type: 'bookmark'; request: number; wanted: NewBookmark }
  | { type: 'unbookmark'; request: number; id: number };

export type FromRecorder =
  /** The directory was read. `maxBytes`: 0 if that failed. */
  | { type: 'opened'; maxBytes: number }
  | { type: 'changed'; change: RecordingChange }
  /** Answers `bookmark`; undefined: the disk does not work. */
  | { type: 'bookmarked'; request: number; result: BookmarkResult | undefined }
  /** Answers `unbookmark`: whether there was one; undefined: the disk does not work. */
  | { type: 'unbookmarked'; request: number; wasThere: boolean | undefined }
  /** Everything is written. */
  | { type: 'closed' };
