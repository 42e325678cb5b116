/** Messages between the main thread and the recorder's thread. */
import type { RecordedRules } from './writer/recorder-settings.ts';
import type { RecordingChange } from './writer/segment-recorder.ts';

export type ToRecorderThread =
  /** The interfaces from now on: their names by ifindex. */
  { type: 'interfaces'; names: Readonly<Record<string, string>> } | { type: 'rules'; rules: RecordedRules };

export type FromRecorder =
  /** The directory was read. `maxBytes`: 0 if that failed. */
  | { type: 'opened'; maxBytes: number }
  | { type: 'changed'; change: RecordingChange }
  /** Everything is written. */
  | { type: 'closed' };
