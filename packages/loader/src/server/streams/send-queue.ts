/** The send queue of one client: ordered, and bounded in bytes and age. */
import type { Message } from './frames.ts';

/** Maximum bytes that wait for a client, and maximum age of the oldest in ms; beyond either nothing is queued. */
export const BACKLOG_BYTES = 2 * 1024 * 1024;
export const BACKLOG_MS = 5000;
/**
 * Bytes written before the kernel has taken the last ones. A larger window would hide the client's progress, because
 * written bytes are acknowledged as a whole.
 */
const WINDOW_BYTES = 128 * 1024;

/** Entries after an action wait until it calls `done`. */
export type Action = (done: () => void) => void;

interface Entry {
  readonly at: number;
  readonly bytes: number;
  /** A message, or an action to run once everything before it was written; undefined when done. */
  what: Message | Action | undefined;
}

export class SendQueue {
  readonly #write: (message: Message, sent: () => void) => void;
  readonly #now: () => number;
  readonly #entries: Entry[] = [];
  /** Entries before `#first` were sent, those before `#next` were written. */
  #first = 0;
  #next = 0;
  #backlog = 0;
  #inFlightBytes = 0;
  /** Actions that are not done. */
  #acting = 0;
  #progressAt = Number.NEGATIVE_INFINITY;

  constructor(write: (message: Message, sent: () => void) => void, now: () => number) {
    this.#write = write;
    this.#now = now;
  }

  /** Bytes that the kernel has not taken. */
  get backlog(): number {
    return this.#backlog;
  }

  /** Messages and actions that wait. */
  get length(): number {
    return this.#entries.length - this.#first;
  }

  /** Returns whether `bytes` more would exceed the limit, or the oldest entry has waited too long. */
  isFull(bytes: number): boolean {
    return this.#backlog + bytes > BACKLOG_BYTES || this.oldestMs() > BACKLOG_MS;
  }

  /** Age of the oldest entry, ms. */
  oldestMs(): number {
    const oldest = this.#entries[this.#first];
    return oldest === undefined ? 0 : this.#now() - oldest.at;
  }

  /** Time for which the client has taken nothing from its queue, ms. */
  stalledMs(): number {
    const oldest = this.#entries[this.#first];
    return oldest === undefined ? 0 : this.#now() - Math.max(oldest.at, this.#progressAt);
  }

  send(message: Message): void {
    this.#add(message, message.bytes);
  }

  /** Runs `action` once everything queued before it has been written. */
  after(action: Action): void {
    this.#add(action, 0);
  }

  /** Writes everything, for shutdown. */
  flush(): void {
    this.#writeUpTo(Number.POSITIVE_INFINITY);
  }

  #add(what: Message | Action, bytes: number): void {
    this.#entries.push({ at: this.#now(), bytes, what });
    this.#backlog += bytes;
    this.#writeUpTo(WINDOW_BYTES);
  }

  #writeUpTo(window: number): void {
    while (window === Number.POSITIVE_INFINITY || (this.#acting === 0 && this.#inFlightBytes < window)) {
      const entry = this.#entries[this.#next];
      if (entry?.what === undefined) return;
      this.#next++;
      if (typeof entry.what === 'function') {
        this.#act(entry, entry.what);
      } else {
        this.#inFlightBytes += entry.bytes;
        const message = entry.what;
        this.#write(message, () => this.#sent(entry, message));
      }
    }
  }

  #act(entry: Entry, action: Action): void {
    this.#acting++;
    let isAtOnce = true;
    action(() => {
      if (entry.what === undefined) return;
      this.#acting--;
      this.#progressAt = this.#now();
      this.#forget(entry);
      if (!isAtOnce) this.#writeUpTo(WINDOW_BYTES);
    });
    isAtOnce = false;
  }

  #sent(entry: Entry, { pooled }: Message): void {
    pooled?.release();
    this.#backlog -= entry.bytes;
    this.#inFlightBytes -= entry.bytes;
    this.#progressAt = this.#now();
    this.#forget(entry);
    this.#writeUpTo(WINDOW_BYTES);
  }

  /** Releases the entry's memory now, and its slot when all entries before it are done. */
  #forget(entry: Entry): void {
    entry.what = undefined;
    while (this.#first < this.#next && this.#entries[this.#first]?.what === undefined) this.#first++;
    if (this.#first * 2 < this.#entries.length) return;
    this.#entries.splice(0, this.#first);
    this.#next -= this.#first;
    this.#first = 0;
  }
}
