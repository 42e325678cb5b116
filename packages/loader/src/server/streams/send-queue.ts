/** The send queue of one client: ordered, and bounded in bytes and age. The queues of all clients write in turns. */

import type { Message } from './frames.ts';
import { CAN_WAIT_MS, type Run } from './work-queue.ts';

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
  /** How long it may wait for other clients, ms. */
  readonly withinMs: number;
  /** A message, or an action to run once everything before it was written; undefined when done. */
  what: Message | Action | undefined;
}

export class SendQueue {
  readonly #write: (message: Message, sent: () => void) => void;
  readonly #now: () => number;
  readonly #run: Run;
  readonly #entries: Entry[] = [];
  /** Entries before `#first` were sent, those before `#next` were written. */
  #first = 0;
  #next = 0;
  #backlog = 0;
  #inFlightBytes = 0;
  /** Actions that are not done. */
  #acting = 0;
  #progressAt = Number.NEGATIVE_INFINITY;
  /** When this queue's turn to write is due, at the latest. */
  #dueAt = Number.POSITIVE_INFINITY;
  readonly #takeTurn = () => {
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#writeUpTo(WINDOW_BYTES);
  };

  /** `run` calls its argument at once, or later if other work is due earlier (see WorkQueue). */
  constructor(write: (message: Message, sent: () => void) => void, now: () => number, run: Run) {
    this.#write = write;
    this.#now = now;
    this.#run = run;
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

  /** `withinMs`: how long the message may wait for other clients. */
  send(message: Message, withinMs = CAN_WAIT_MS): void {
    this.#add(message, message.bytes, withinMs);
  }

  /** Runs `action` once everything queued before it has been written. */
  after(action: Action): void {
    this.#add(action, 0, CAN_WAIT_MS);
  }

  /** Writes everything, for shutdown. */
  flush(): void {
    this.#writeUpTo(Number.POSITIVE_INFINITY);
  }

  #add(what: Message | Action, bytes: number, withinMs: number): void {
    this.#entries.push({ at: this.#now(), bytes, withinMs, what });
    this.#backlog += bytes;
    this.#requestTurn(withinMs);
  }

  #mayWrite(window: number): boolean {
    return window === Number.POSITIVE_INFINITY || (this.#acting === 0 && this.#inFlightBytes < window);
  }

  /** Writes in this queue's turn, if anything may be written. */
  #requestTurn(withinMs: number): void {
    if (this.#next === this.#entries.length || !this.#mayWrite(WINDOW_BYTES)) return;
    const dueAt = this.#now() + withinMs;
    if (dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    this.#run(this.#takeTurn, withinMs);
  }

  #continue(): void {
    const next = this.#entries[this.#next];
    if (next !== undefined) this.#requestTurn(next.withinMs);
  }

  #writeUpTo(window: number): void {
    while (this.#mayWrite(window)) {
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
      if (!isAtOnce) this.#continue();
    });
    isAtOnce = false;
  }

  #sent(entry: Entry, { pooled }: Message): void {
    pooled?.release();
    this.#backlog -= entry.bytes;
    this.#inFlightBytes -= entry.bytes;
    this.#progressAt = this.#now();
    this.#forget(entry);
    this.#continue();
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
