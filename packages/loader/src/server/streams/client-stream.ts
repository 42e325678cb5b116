/** Keeps one client's ledger: the counters in every header add up, across changes of its stream and losses. */
import type { BatchCounters, ClientLedger } from '@packetlog/common';
import { batchMessage, type RowBatch } from './frames.ts';
import { type Follower, type RowSource, restOf, type StreamContext } from './row-stream.ts';
import type { SendQueue } from './send-queue.ts';

export class ClientStream implements Follower {
  readonly #sendQueue: SendQueue;
  readonly #context: StreamContext;
  #source: RowSource | undefined;
  /** Offset from the source's totals to this client's: its earlier counts minus the source's counts when it joined. */
  readonly #base = { batches: 0, rows: 0, withheld: 0, filtered: 0 };
  /** Rows already buffered when this client joined; they are not sent to it. */
  #skip = 0;
  #dropped = 0;

  constructor(sendQueue: SendQueue, context: StreamContext) {
    this.#sendQueue = sendQueue;
    this.#context = context;
  }

  get source(): RowSource | undefined {
    return this.#source;
  }

  /**
   * Switches to `source` and counts what passes there from now on; rows still buffered at the old source are sent
   * first.
   */
  follow(source: RowSource): void {
    if (source === this.#source) return;
    this.#leave();
    const { totals, pending } = source;
    this.#shift(totals, -1);
    this.#base.rows -= pending;
    this.#skip = pending;
    this.#source = source;
    source.followers.add(this);
  }

  /** Call it when the client has disconnected. */
  end(): void {
    this.#source?.followers.delete(this);
    this.#source = undefined;
  }

  deliver(batch: RowBatch): void {
    const skip = this.#skip;
    this.#skip = 0;
    if (skip === 0) {
      this.#send(batch, this.#source?.mayWaitMs);
    } else if (skip < batch.count) {
      this.#send(restOf(batch, skip, this.#context), this.#source?.mayWaitMs);
    } else {
      // All rows were buffered before this client joined: it gets no batch.
      this.#base.batches--;
    }
  }

  ledger(): ClientLedger {
    const { offered, pending, ...settled } = this.settled();
    const { unchecked = 0 } = this.#source ?? {};
    return { ...settled, offered: offered + unchecked, pending: pending + unchecked };
  }

  /** Returns the ledger without the rows that wait for the filter: its `offered` never goes down. */
  settled(): ClientLedger {
    const { sequence: _, ...counters } = this.#counters();
    const pending = (this.#source?.pending ?? 0) - this.#skip;
    const { offered, dropped, withheld } = counters;
    return { ...counters, offered: offered + pending, delivered: offered - dropped - withheld, pending };
  }

  #leave(): void {
    const source = this.#source;
    if (source === undefined) return;
    const skip = this.#skip;
    const rest = source.pendingFrom(skip);
    this.end();
    this.#shift(source.totals, 1);
    this.#base.rows += source.pending;
    this.#skip = 0;
    if (rest === undefined) return;
    this.#send(rest, source.mayWaitMs);
    this.#base.batches++;
  }

  #shift({ batches, rows, withheld, filtered }: RowSource['totals'], sign: 1 | -1): void {
    this.#base.batches += sign * batches;
    this.#base.rows += sign * rows;
    this.#base.withheld += sign * withheld;
    this.#base.filtered += sign * filtered;
  }

  #counters(): BatchCounters {
    const totals = this.#source?.totals ?? NOTHING;
    const rows = this.#base.rows + totals.rows + this.#skip;
    const withheld = this.#base.withheld + totals.withheld;
    return {
      sequence: this.#base.batches + totals.batches,
      offered: rows + withheld,
      dropped: this.#dropped,
      withheld,
      filtered: this.#base.filtered + totals.filtered,
    };
  }

  /** Sends `batch` or counts its rows as lost (queue full). They are in the totals already. */
  #send(batch: RowBatch, withinMs = 0): void {
    if (this.#sendQueue.isFull(batch.head.byteLength + batch.records.byteLength)) this.#dropped += batch.count;
    else this.#sendQueue.send(batchMessage(batch, this.#counters()), withinMs);
  }
}

const NOTHING = { batches: 0, rows: 0, withheld: 0, filtered: 0 };
