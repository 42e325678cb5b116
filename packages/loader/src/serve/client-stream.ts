/** One client's rows: chosen within its limit, gathered into batches, dropped and counted when it is too slow. */
import { BATCH_HEADER_SIZE, type HopLedger, writeBatchHeader } from '@packetlog/common';
import { RowBudget } from '../drain/row-budget.ts';

/** A batch goes out when it is this large, or this old. */
const BATCH_BYTES = 64 * 1024;
const BATCH_MS = 10;
/** A batch so small is copied, and its frame used again. */
const SMALL_BYTES = 4096;
/** Bytes that may wait for a client to read; what comes beyond is dropped. */
export const BACKLOG_BYTES = 2 * 1024 * 1024;

/** Where batches go. */
export interface ClientSink {
  send: (batch: Uint8Array) => void;
  /** Bytes handed to `send` that have not left this process. */
  backlog: () => number;
}

export interface StreamClock {
  now: () => number;
  after: (ms: number, action: () => void) => void;
}

export class ClientStream {
  readonly #sink: ClientSink;
  readonly #clock: StreamClock;
  readonly #stride: number;
  readonly #recordOffset: number;
  readonly #capacity: number;
  readonly #budget: RowBudget;
  #paused = false;
  #frame: Uint8Array | undefined;
  #records = 0;
  #sequence = 0;
  #delivered = 0;
  #dropped = 0;
  #withheld = 0;
  #clockOffsetNs = 0n;
  #lastFlush = Number.NEGATIVE_INFINITY;
  #timer = false;

  constructor(options: {
    sink: ClientSink;
    clock: StreamClock;
    stride: number;
    recordOffset: number;
    rowsPerSecond: number;
  }) {
    this.#sink = options.sink;
    this.#clock = options.clock;
    this.#stride = options.stride;
    this.#recordOffset = options.recordOffset;
    this.#capacity = Math.floor(BATCH_BYTES / options.stride);
    this.#budget = new RowBudget(options.rowsPerSecond, options.clock.now());
  }

  get rowsPerSecond(): number {
    return this.#paused ? 0 : this.#budget.perSecond;
  }

  limit(rowsPerSecond: number): void {
    this.#budget.change(rowsPerSecond);
  }

  /** What waits is sent first: nothing comes after the pause was acknowledged. */
  pause(paused: boolean): void {
    this.flush();
    this.#paused = paused;
  }

  setClockOffset(ns: bigint): void {
    this.#clockOffsetNs = ns;
  }

  ledger(): HopLedger {
    const pending = this.#records;
    const [delivered, dropped, withheld] = [this.#delivered, this.#dropped, this.#withheld];
    return { offered: delivered + dropped + withheld + pending, delivered, dropped, withheld, pending };
  }

  /** `bytes` begins with `count` records; `skipped` more passed and were not even copied. */
  add(bytes: Uint8Array, count: number, skipped: number): void {
    const wanted = this.#paused ? 0 : this.#budget.take(count, this.#clock.now());
    this.#withheld += skipped + count - wanted;
    if (wanted === count) this.#copy(bytes, 0, count);
    // Evenly spread, so that a flood does not hide what is rare.
    else for (let i = 0; i < wanted; i++) this.#copy(bytes, Math.floor((i * count) / wanted), 1);
    this.#flushSoon();
  }

  flush(): void {
    const frame = this.#frame;
    const records = this.#records;
    if (!frame || records === 0) return;
    this.#records = 0;
    this.#lastFlush = this.#clock.now();
    const sequence = this.#sequence++;
    const bytes = BATCH_HEADER_SIZE + records * this.#stride;
    if (this.#sink.backlog() + bytes > BACKLOG_BYTES) {
      this.#dropped += records;
      return;
    }
    this.#delivered += records;
    writeBatchHeader(frame, {
      sequence,
      offered: this.#delivered + this.#dropped + this.#withheld,
      dropped: this.#dropped,
      withheld: this.#withheld,
      clock_offset_ns: this.#clockOffsetNs,
      count: records,
      stride: this.#stride,
      recordOffset: this.#recordOffset,
    });
    if (bytes <= SMALL_BYTES) {
      this.#sink.send(Buffer.from(frame.subarray(0, bytes)));
      return;
    }
    // The socket keeps these bytes until they are sent.
    this.#frame = undefined;
    this.#sink.send(frame.subarray(0, bytes));
  }

  #copy(bytes: Uint8Array, first: number, count: number): void {
    for (let done = 0; done < count; ) {
      this.#frame ??= Buffer.allocUnsafe(BATCH_HEADER_SIZE + this.#capacity * this.#stride);
      const fits = Math.min(count - done, this.#capacity - this.#records);
      const from = (first + done) * this.#stride;
      this.#frame.set(
        bytes.subarray(from, from + fits * this.#stride),
        BATCH_HEADER_SIZE + this.#records * this.#stride,
      );
      this.#records += fits;
      done += fits;
      if (this.#records === this.#capacity) this.flush();
    }
  }

  /** At once if the last batch is some time ago, else when it is. */
  #flushSoon(): void {
    if (this.#records === 0 || this.#timer) return;
    const wait = this.#lastFlush + BATCH_MS - this.#clock.now();
    if (wait <= 0) {
      this.flush();
      return;
    }
    this.#timer = true;
    this.#clock.after(wait, () => {
      this.#timer = false;
      this.flush();
    });
  }
}
