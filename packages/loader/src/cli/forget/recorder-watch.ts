/** Notices whether a recorder writes to a directory. */
import { setTimeout as delay } from 'node:timers/promises';
import { readProgress } from '../../recorder/writer/progress.ts';
import { progressPath } from '../../recorder/writer/progress-file.ts';

const LOOK_MS = 200;

/** A recorder writes progress.json at its start, after each write of records, and every second. */
export class RecorderWatch {
  readonly #path: string;
  /** Time in the file; undefined: no recorder has written one. */
  readonly #atMs: number | undefined;

  constructor(directory: string) {
    this.#path = progressPath(directory);
    this.#atMs = this.#read();
  }

  /** Whether a recorder has written since this object was made; its time is in the file. */
  isWriting(): boolean {
    return this.#read() !== this.#atMs;
  }

  /** Resolves with true as soon as a recorder writes, or with false after `ms`. */
  async seen(ms: number): Promise<boolean> {
    if (this.#atMs === undefined) return false;
    for (const end = performance.now() + ms; performance.now() < end; ) {
      if (this.isWriting()) return true;
      await delay(LOOK_MS);
    }
    return this.isWriting();
  }

  #read(): number | undefined {
    return readProgress(this.#path)?.at_ms;
  }
}
