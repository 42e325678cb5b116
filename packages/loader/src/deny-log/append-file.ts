/**
 * Appends lines to a file without blocking the event loop: one write at a time, and a bounded queue. After an error it
 * opens the file again, at most once a second, so that a full disk or a missing directory can be mended while it runs.
 */
import { close, constants, fstat, open, write } from 'node:fs';
import { promisify } from 'node:util';

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
/** O_NONBLOCK: opening a FIFO must not wait for its reader; it is then rejected. */
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK;
const MODE = 0o640;
const QUEUE_BYTES = 8 * 1024 * 1024;
const RETRY_MS = 1000;
const LINE_FEED = 0x0a;

const files = { close: promisify(close), fstat: promisify(fstat), open: promisify(open), write: promisify(write) };

/** Writes bytes from `at` on, possibly not all. */
type Write = (
  fd: number,
  bytes: Buffer,
  at: number,
  length: number,
  position: null,
) => Promise<{ bytesWritten: number }>;

/** Another process that appends; it opens the file for each write. */
export type Appender = (bytes: Buffer) => Promise<void>;

export interface AppendCounts {
  /** Lines that are in the file: the kernel has accepted them. */
  written: number;
  /** Lines that are not, because the queue was full or the file could not be opened or written. */
  lost: number;
}

export class AppendFile {
  readonly counts: AppendCounts = { written: 0, lost: 0 };
  readonly #path: string;
  readonly #now: () => number;
  readonly #write: Write;
  readonly #appender: Appender | undefined;
  readonly #queue: { bytes: Buffer; lines: number }[] = [];
  #queuedBytes = 0;
  #descriptor: number | undefined;
  #error: Error | undefined;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #mustReopen = false;
  /** An error interrupted a line: the next write begins with a line feed. */
  #isTorn = false;
  #working: Promise<void> | undefined;

  /** `now`: a monotonic clock in milliseconds. `appender`: undefined: this process. `write` is for tests. */
  constructor(path: string, now: () => number, appender?: Appender, write: Write = files.write) {
    this.#path = path;
    this.#now = now;
    this.#write = write;
    this.#appender = appender;
  }

  /** Why the last attempt failed; undefined after a success. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** `text`: `lines` lines, each with a line feed. */
  append(text: string, lines: number): void {
    const bytes = Buffer.from(text);
    if (this.#queuedBytes + bytes.length > QUEUE_BYTES) {
      this.counts.lost += lines;
      return;
    }
    this.#queue.push({ bytes, lines });
    this.#queuedBytes += bytes.length;
    this.#work();
  }

  /** Opens the path again before the next write: the file was renamed, to rotate it. */
  reopen(): void {
    this.#mustReopen = true;
    this.#retryAtMs = Number.NEGATIVE_INFINITY;
    this.#work();
  }

  /** Resolves when everything is written or lost, at the latest after `timeoutMs`: the rest is then lost. */
  async end(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.#working, late]);
    clearTimeout(timer);
    this.#loseQueue();
    await this.#close();
  }

  #work(): void {
    this.#working ??= this.#drain().finally(() => {
      this.#working = undefined;
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0 || this.#mustReopen) {
      if (this.#now() < this.#retryAtMs) {
        this.#loseQueue();
        return;
      }
      try {
        await this.#open();
        const next = this.#queue[0];
        if (next) await this.#writeAll(next);
        this.#error = undefined;
      } catch (error) {
        this.#error = error instanceof Error ? error : new Error(String(error));
        this.#retryAtMs = this.#now() + RETRY_MS;
        this.#loseQueue();
        await this.#close();
      }
    }
  }

  async #open(): Promise<void> {
    if (this.#mustReopen) {
      this.#mustReopen = false;
      await this.#close();
      // Creates the file, as opening it does.
      await this.#appender?.(Buffer.alloc(0));
    }
    if (this.#descriptor !== undefined || this.#appender !== undefined) return;
    const descriptor = await files.open(this.#path, FLAGS, MODE);
    this.#descriptor = descriptor;
    if (!(await files.fstat(descriptor)).isFile()) throw new Error(`${this.#path} is not a regular file`);
  }

  async #writeAll(chunk: { bytes: Buffer; lines: number }): Promise<void> {
    const bytes = this.#isTorn ? Buffer.concat([Buffer.from('\n'), chunk.bytes]) : chunk.bytes;
    let at = 0;
    try {
      if (this.#appender !== undefined) {
        await this.#appender(bytes);
        at = bytes.length;
      }
      while (at < bytes.length) {
        const { bytesWritten } = await this.#write(this.#descriptor ?? -1, bytes, at, bytes.length - at, null);
        at += bytesWritten;
      }
    } finally {
      const feeds = bytes.subarray(0, at).filter((byte) => byte === LINE_FEED).length;
      const whole = this.#isTorn && at > 0 ? feeds - 1 : feeds;
      this.counts.written += whole;
      this.counts.lost += chunk.lines - whole;
      if (at > 0) this.#isTorn = bytes[at - 1] !== LINE_FEED;
      this.#queue.shift();
      this.#queuedBytes -= chunk.bytes.length;
    }
  }

  #loseQueue(): void {
    this.counts.lost += this.#queue.reduce((sum, { lines }) => sum + lines, 0);
    this.#queue.length = 0;
    this.#queuedBytes = 0;
  }

  async #close(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    // A late error of the file system was reported by the write, or cannot be acted on any more.
    if (descriptor !== undefined) await files.close(descriptor).catch(() => {});
  }
}
