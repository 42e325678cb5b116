/** Prints records: queues the raw bytes, bounded, and formats them only when the output takes text. */
import type { Writable } from 'node:stream';
import { PacketLogView, type RecordPredicate } from '@packetlog/common';

/** Raw records waiting for a slow output: about a million. */
const QUEUE_BYTES = 64 * 1024 * 1024;
/** Records formatted in one write; then the event loop serves the clients. */
const BURST = 512;

export type FormatRecord = (view: PacketLogView, i: number) => string;

/** Records before the current ones, since the start, that are not in the output. */
export interface Omitted {
  readonly dropped: number;
  /** Not written because of the record limit. */
  readonly withheld: number;
  readonly filtered: number;
}

const NOTHING_OMITTED: Omitted = { dropped: 0, withheld: 0, filtered: 0 };

/** Encodes the records `from` to `to - 1`. */
export type EncodeRecords = (view: PacketLogView, from: number, to: number, omitted: Omitted) => string | Uint8Array;

/** Encodes one line for each record. */
export function inLines(format: FormatRecord): EncodeRecords {
  return (view, from, to) => {
    let text = '';
    for (let i = from; i < to; i++) text += `${format(view, i)}\n`;
    return text;
  };
}

export interface PrinterCounts {
  /** Records written: the kernel has accepted their text. */
  console: number;
  /** Records not printed, because the output was too slow or closed. */
  dropped: number;
  /** Records excluded by the filter; absent without a filter. */
  filtered?: number;
}

export class ConsolePrinter {
  readonly counts: PrinterCounts = { console: 0, dropped: 0 };
  readonly #output: Writable;
  readonly #encode: EncodeRecords;
  readonly #stride: number;
  readonly #recordOffset: number;
  readonly #queue: { readonly view: PacketLogView; readonly omitted: Omitted }[] = [];
  readonly #tail: ((omitted: Omitted) => string | Uint8Array) | undefined;
  #upstream = NOTHING_OMITTED;
  /** Records to take before the end. */
  #room = Number.POSITIVE_INFINITY;
  #onFull = (): void => {};
  #queuedBytes = 0;
  /** Next record of the first view in the queue. */
  #at = 0;
  /** Records written to the output that it has not taken yet. */
  #writing = 0;
  #waiting = false;
  #scheduled = false;
  #closed = false;
  #matches: RecordPredicate | undefined;
  #idle: (() => void)[] = [];

  /** `onClosed` is called when the reader has closed the output. */
  constructor(options: {
    output: Writable;
    encode: EncodeRecords;
    /** Written before all records. */
    head?: string | Uint8Array;
    /** Written after all records. */
    tail?: (omitted: Omitted) => string | Uint8Array;
    stride: number;
    recordOffset: number;
    onClosed: (error: NodeJS.ErrnoException) => void;
  }) {
    this.#output = options.output;
    this.#encode = options.encode;
    this.#tail = options.tail;
    this.#stride = options.stride;
    this.#recordOffset = options.recordOffset;
    this.#output.on('drain', () => {
      this.#waiting = false;
      this.#pump();
    });
    this.#output.on('error', (error: NodeJS.ErrnoException) => {
      this.#close();
      options.onClosed(error);
    });
    if (options.head !== undefined && options.head.length > 0) this.#output.write(options.head);
  }

  /** Records neither printed nor dropped yet. */
  get pending(): number {
    return this.#queue.reduce((sum, { view }) => sum + view.length, 0) - this.#at + this.#writing;
  }

  /** From now on, prints only matching records. */
  setFilter(matches: RecordPredicate): void {
    this.#matches = matches;
    this.counts.filtered ??= 0;
  }

  /** Takes at most `records` more records if a number is given; later ones are not counted at all. */
  setLimit(records: number | undefined, onFull: () => void): void {
    this.#room = records ?? Number.POSITIVE_INFINITY;
    this.#onFull = onFull;
  }

  /**
   * Copies the records; `bytes` may change when this returns. `upstream` counts the records that were lost before they
   * reached this printer.
   */
  add(bytes: Uint8Array, count: number, upstream: Omitted = NOTHING_OMITTED): void {
    if (this.#room <= 0) return;
    this.#upstream = upstream;
    if (this.#matches === undefined) {
      this.#addAll(bytes, count);
      return;
    }
    const stride = this.#stride;
    const chosen = new Uint8Array(count * stride);
    let found = 0;
    for (let at = 0; at < count * stride; at += stride) {
      if (this.#matches(bytes, at + this.#recordOffset)) chosen.set(bytes.subarray(at, at + stride), found++ * stride);
    }
    this.counts.filtered = (this.counts.filtered ?? 0) + count - found;
    this.#addAll(chosen, found);
  }

  #addAll(bytes: Uint8Array, offered: number): void {
    const count = Math.min(offered, this.#room);
    const size = count * this.#stride;
    if (this.#closed || this.#queuedBytes + size > QUEUE_BYTES) {
      this.counts.dropped += count;
      return;
    }
    if (count === 0) return;
    const copy = bytes.slice(0, size);
    const view = new PacketLogView(copy, { count, stride: this.#stride, recordOffset: this.#recordOffset });
    this.#queue.push({ view, omitted: this.#omitted() });
    this.#queuedBytes += size;
    this.#room -= count;
    this.#schedule();
    if (this.#room <= 0) this.#onFull();
  }

  #omitted(): Omitted {
    const { dropped, withheld, filtered } = this.#upstream;
    return { dropped: dropped + this.counts.dropped, withheld, filtered: filtered + (this.counts.filtered ?? 0) };
  }

  /** Resolves when the output has taken all records so far and the last line, or at the timeout. */
  async finish(lastLine: (() => string) | undefined, timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#close(), timeoutMs);
    await new Promise<void>((resolve) => {
      if (this.#isIdle()) resolve();
      else this.#idle.push(resolve);
    });
    const last = this.#closed ? '' : lastLine === undefined ? this.#tail?.(this.#omitted()) : `${lastLine()}\n`;
    if (last !== undefined && last.length > 0) {
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve);
        this.#output.write(last, () => resolve());
      });
    }
    clearTimeout(timer);
  }

  #isIdle(): boolean {
    return this.#closed || (this.#queue.length === 0 && this.#writing === 0);
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    const [first] = this.#queue;
    if (first && !this.#waiting && !this.#closed) {
      const { view, omitted } = first;
      const end = Math.min(view.length, this.#at + BURST);
      const records = end - this.#at;
      const chunk = this.#encode(view, this.#at, end, omitted);
      this.#writing += records;
      this.#at = end;
      if (end === view.length) {
        this.#queue.shift();
        this.#queuedBytes -= view.length * this.#stride;
        this.#at = 0;
      }
      this.#waiting = !this.#output.write(chunk, (error) => this.#written(records, error));
      this.#schedule();
    }
  }

  #written(records: number, error: Error | null | undefined): void {
    if (this.#closed) return;
    this.#writing -= records;
    this.counts[error ? 'dropped' : 'console'] += records;
    if (this.#isIdle()) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.counts.dropped += this.pending;
    this.#queue.length = 0;
    this.#at = 0;
    this.#writing = 0;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
