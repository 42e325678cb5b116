/** `progress.json` of the recorder: read at the start, rewritten after each write of records. */
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { missingRecords, otherRecorder, type RingPosition, readProgress, startOf, writeProgress } from './progress.ts';

/** Others than the service's user may not read it. */
const MODE = 0o600;

export class ProgressFile {
  readonly #ring: RingPosition;
  readonly #now: () => number;
  readonly #process = { pid: process.pid, started: startOf(process.pid) };
  #fd: number | undefined;

  /** `now`: the wall clock, ms. */
  constructor(ring: RingPosition, now: () => number) {
    this.#ring = ring;
    this.#now = now;
  }

  get isOpen(): boolean {
    return this.#fd !== undefined;
  }

  /**
   * Returns the number of records that an earlier recorder took out of the same rings and did not write, and when it
   * wrote last; undefined if there are none. Call before `open`. See missingRecords.
   */
  missing(
    directory: string,
    hotRecords: (hot: number) => number | undefined,
  ): { readonly records: number; readonly sinceMs: number } | undefined {
    const before = readProgress(progressPath(directory));
    const records = missingRecords(before, this.#ring, hotRecords);
    return before === undefined || records === 0 ? undefined : { records, sinceMs: before.at_ms };
  }

  /** Throws an Error if another process records there: two would overwrite each other's records. */
  requireFree(directory: string): void {
    const pid = otherRecorder(readProgress(progressPath(directory)), this.#ring.bootId);
    if (pid !== undefined) throw new Error(`packetlog with pid ${pid} records there; use another --record-dir`);
  }

  /** Throws the error of the file system, as does `write`. */
  open(directory: string): void {
    this.#fd = openSync(progressPath(directory), constants.O_WRONLY | constants.O_CREAT, MODE);
  }

  /**
   * `handled`: records of this session that were recorded, sampled or lost; `hot`: number of the hot file. Does nothing
   * while it is closed.
   */
  write(handled: number, hot: number, hotRecords: number): void {
    if (this.#fd === undefined) return;
    writeProgress(this.#fd, {
      boot_id: this.#ring.bootId,
      rings: this.#ring.rings,
      position: this.#ring.before + handled,
      hot,
      hot_records: hotRecords,
      at_ms: Math.floor(this.#now()),
      ...this.#process,
    });
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** Path of the file in a directory of segments. */
export function progressPath(directory: string): string {
  return join(directory, 'progress.json');
}
