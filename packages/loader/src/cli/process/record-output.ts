/** An output for records in place of the console. */
import type { Writable } from 'node:stream';
import type { CaptureFormat } from '../../print/capture-format.ts';

/** Time that a slow output has, after the end was requested, to take what was recorded. */
export const PRINT_MS = 10_000;
/** Error codes of a write whose reader has ended, as `head` does. This is no failure. */
export const READER_GONE: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET']);

export interface RecordOutput {
  readonly format: CaptureFormat;
  /** Name for the final report. */
  readonly name: string;
  /** Number of records after which the run ends; undefined: no limit. */
  readonly count: number | undefined;
  /** Called once, before anything is attached; throws SetupError. */
  open(): Writable;
}

/** Resolves when the file has all records. */
export async function closed(file: Writable): Promise<void> {
  if (file.destroyed) return;
  await new Promise<void>((resolve) => file.once('close', resolve).end());
}
