/** A file or pipe that receives the records in place of the console. */
import type { Writable } from 'node:stream';
import type { CaptureFormat } from '../../print/capture-format.ts';

/** After the end was requested, a slow output has this long to take the remaining records. */
export const PRINT_MS = 10_000;
/** Error codes of a write whose reader has exited, as `head` does. They are not a failure. */
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

/** Closes the file. Resolves when all records are in it. */
export async function closed(file: Writable): Promise<void> {
  if (file.destroyed) return;
  await new Promise<void>((resolve) => file.once('close', resolve).end());
}
