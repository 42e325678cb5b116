/** Where records go instead of the console. */
import type { Writable } from 'node:stream';
import type { CaptureFormat } from '../../print/capture-format.ts';

/** How long a slow output may take to get what was recorded, after the end was asked for. */
export const PRINT_MS = 10_000;
/** What ends a write when whoever read has ended, as `head` does: no fault. */
export const READER_GONE: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET']);

export interface RecordOutput {
  readonly format: CaptureFormat;
  /** For the words at the end. */
  readonly name: string;
  /** Records after which it ends by itself; undefined: never. */
  readonly count: number | undefined;
  /** Called once, before anything is attached; throws SetupError. */
  open(): Writable;
}

/** Resolves when the file has everything. */
export async function closed(file: Writable): Promise<void> {
  if (file.destroyed) return;
  await new Promise<void>((resolve) => file.once('close', resolve).end());
}
