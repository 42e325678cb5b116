/**
 * A file of one JSON object per line, append only. A full file is rotated to `NAME.1`, that one to `.2`, and so on; the
 * oldest is removed, so the total size is bounded.
 */
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { asOwnerOf } from '../../system/service-user.ts';
import { type Write, writeAll } from '../../write-all.ts';

const OWNER_ONLY = 0o600;
const LINE_FEED = 0x0a;

export interface LineLogSettings {
  /** Size from which the file is rotated before an append. The last line may exceed it. */
  readonly maxBytes: number;
  /** Number of rotated files to keep. */
  readonly maxRotated: number;
  /** Rotated files that were last written longer ago are removed at the next rotation. */
  readonly maxAgeMs?: number;
  /** For tests. */
  readonly write?: Write | undefined;
}

/** A file of the log cannot be read. `path`: that file. */
export class LineLogError extends Error {
  override readonly name = 'LineLogError';
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.path = path;
  }
}

export class LineLog {
  readonly path: string;
  readonly #settings: LineLogSettings;

  constructor(path: string, settings: LineLogSettings) {
    this.path = path;
    this.#settings = settings;
  }

  /** Appends lines and flushes them, so that they survive a power loss. Throws the file system's error. */
  append(lines: readonly string[]): void {
    asOwnerOf(dirname(this.path), () => this.#append(lines));
  }

  /**
   * Yields the lines, newest first, from the last `tailBytes` of all files, so the cost does not depend on their size.
   * A line that a crash cut short is one of them. Throws LineLogError.
   */
  *newestFirst(tailBytes: number): Generator<Buffer> {
    let left = tailBytes;
    for (let age = 0; age <= this.#settings.maxRotated && left > 0; age++) {
      const path = this.#rotated(age);
      const tail = tailOf(path, left);
      if (tail === undefined) continue;
      left = tail.isTruncated ? 0 : left - tail.lines.length;
      yield* backwards(tail.lines);
    }
  }

  #append(lines: readonly string[]): void {
    const file = this.#open();
    try {
      // A crash may have left an unfinished line: do not append to it.
      const text = `${endsInsideLine(file) ? '\n' : ''}${lines.map((line) => `${line}\n`).join('')}`;
      writeAll(file, text, this.#settings.write);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** Opens the file to append to, after rotating it if it is full. */
  #open(): number {
    const { maxBytes, maxRotated } = this.#settings;
    const file = openSync(this.path, 'a+', OWNER_ONLY);
    if (fstatSync(file).size < maxBytes) return file;
    closeSync(file);
    // The first gap ends the shift: the files behind it keep their names, and the oldest is kept as long as there is room.
    let gap = 1;
    while (gap < maxRotated && existsSync(this.#rotated(gap))) gap++;
    rmSync(this.#rotated(gap), { force: true });
    for (let age = gap; age > 0; age--) renameSync(this.#rotated(age - 1), this.#rotated(age));
    this.#removeOld();
    return openSync(this.path, 'a+', OWNER_ONLY);
  }

  #removeOld(): void {
    const { maxAgeMs, maxRotated } = this.#settings;
    if (maxAgeMs === undefined) return;
    for (let age = 1; age <= maxRotated; age++) {
      const facts = statSync(this.#rotated(age), { throwIfNoEntry: false });
      if (facts !== undefined && facts.mtimeMs < Date.now() - maxAgeMs) rmSync(this.#rotated(age), { force: true });
    }
  }

  /** Returns the path of the file of this `age`: 0 is the current file, 1 the last one rotated. */
  #rotated(age: number): string {
    return age === 0 ? this.path : `${this.path}.${age}`;
  }
}

function* backwards(lines: Buffer): Generator<Buffer> {
  for (let end = lines.length; end > 0; ) {
    const feed = lines.lastIndexOf(LINE_FEED, end - 1);
    if (feed + 1 < end) yield lines.subarray(feed + 1, end);
    end = feed;
  }
}

/** Undefined: there is no such file, as a crash during a rotation leaves a gap between the files. */
function tailOf(path: string, maxBytes: number): ReturnType<typeof readTail> | undefined {
  try {
    return readTail(path, maxBytes);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new LineLogError(path, cause);
  }
}

/** Returns the last complete lines of a file, at most `maxBytes`. Throws the file system's error. */
function readTail(path: string, maxBytes: number): { lines: Buffer; isTruncated: boolean } {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const from = Math.max(0, size - maxBytes);
    const tail = Buffer.alloc(size - from);
    const read = readSync(file, tail, 0, tail.length, from);
    const whole = tail.subarray(0, read);
    if (from === 0) return { lines: whole, isTruncated: false };
    return { lines: whole.subarray(whole.indexOf(LINE_FEED) + 1 || read), isTruncated: true };
  } finally {
    closeSync(file);
  }
}

function endsInsideLine(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== LINE_FEED;
}
