/** What waits for one client to read: in order, bounded in bytes and in age. */
import type { Message } from './frames.ts';

/** Bytes and milliseconds that something may wait for a client; while more does, it gets nothing new. */
export const BACKLOG_BYTES = 2 * 1024 * 1024;
export const BACKLOG_MS = 5000;
/**
 * Bytes that are handed on before the kernel has taken the last. More only hides how far the client is: what was
 * handed on is acknowledged as a whole.
 */
const WINDOW_BYTES = 128 * 1024;

/** What comes behind it waits until `done` is called. */
export type Action = (done: () => void) => void;

interface Entry {
  readonly at: number;
  readonly bytes: number;
  /** A message, or what to do when all before it was handed on; undefined when that is done. */
  what: Message | Action | undefined;
}

export class SendQueue {
  readonly #write: (message: Message, sent: () => void) => void;
  readonly #now: () => number;
  readonly #entries: Entry[] = [];
  /** Entries before the first were sent, those before the second were handed on. */
  #first = 0;
  #next = 0;
  #backlog = 0;
  #handedOn = 0;
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

  /** Whether `bytes` more would be too many, or what waits has waited too long. */
  isFull(bytes: number): boolean {
    return this.#backlog + bytes > BACKLOG_BYTES || this.oldestMs() > BACKLOG_MS;
  }

  /** How long the oldest byte has waited. */
  oldestMs(): number {
    const oldest = this.#entries[this.#first];
    return oldest === undefined ? 0 : this.#now() - oldest.at;
  }

  /** How long the client has taken nothing of what waits for it. */
  stalledMs(): number {
    const oldest = this.#entries[this.#first];
    return oldest === undefined ? 0 : this.#now() - Math.max(oldest.at, this.#progressAt);
  }

  send(message: Message): void {
    this.#add(message, message.bytes);
  }

  /** Does something in its turn: when all that was sent before has been handed on. */
  after(action: Action): void {
    this.#add(action, 0);
  }

  /** Hands everything on, for the end. */
  flush(): void {
    this.#handOn(Number.POSITIVE_INFINITY);
  }

  #add(what: Message | Action, bytes: number): void {
    this.#entries.push({ at: this.#now(), bytes, what });
    this.#backlog += bytes;
    this.#handOn(WINDOW_BYTES);
  }

  #handOn(window: number): void {
    while (window === Number.POSITIVE_INFINITY || (this.#acting === 0 && this.#handedOn < window)) {
      const entry = this.#entries[this.#next];
      if (entry?.what === undefined) return;
      this.#next++;
      if (typeof entry.what === 'function') {
        this.#act(entry, entry.what);
      } else {
        this.#handedOn += entry.bytes;
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
      if (!isAtOnce) this.#handOn(WINDOW_BYTES);
    });
    isAtOnce = false;
  }

  #sent(entry: Entry, { pooled }: Message): void {
    pooled?.release();
    this.#backlog -= entry.bytes;
    this.#handedOn -= entry.bytes;
    this.#progressAt = this.#now();
    this.#forget(entry);
    this.#handOn(WINDOW_BYTES);
  }

  /** Lets go of its memory now, and of its place when all before it are done. */
  #forget(entry: Entry): void {
    entry.what = undefined;
    while (this.#first < this.#next && this.#entries[this.#first]?.what === undefined) this.#first++;
    if (this.#first * 2 < this.#entries.length) return;
    this.#entries.splice(0, this.#first);
    this.#next -= this.#first;
    this.#first = 0;
  }
}
