/**
 * The reader's half of an array ring: records of one cache line, back to back, one writer
 * (packages/bpf/src/xdp/array_ring.h is the other half).
 *
 * ```
 *  records  ┌────────┬────────┬────────┬─ ─ ─┬────────┐   positions only grow;
 *           │ record │ record │ record │     │ record │   index = position & (records - 1)
 *           └────────┴────────┴────────┴─ ─ ─┴────────┘
 * ```
 */
import { PACKET_LOG_SIZE } from '@packetlog/common';
import type { CommitMode, Drained, RecordSink, RingReader } from './ring-reader.ts';

/** Records in one span: few enough for the reader's caches. */
const SPAN_RECORDS = 1024;

export interface ArrayRingMemory {
  /** One u64, written by the program: records written. */
  producer: BigUint64Array;
  /**
   * Three u64, written by us: records read; need_wakeup, which the program sets back to 0; polling.
   */
  consumer: BigUint64Array;
  /** Size is a power of two of records. */
  records: Uint8Array;
}

export class ArrayRing implements RingReader {
  readonly stride = PACKET_LOG_SIZE;
  readonly recordOffset = 0;
  readonly capacity: number;
  readonly #memory: ArrayRingMemory;
  readonly #size: number;
  #position: number;

  constructor(memory: ArrayRingMemory) {
    this.#memory = memory;
    this.#size = memory.records.byteLength / PACKET_LOG_SIZE;
    this.capacity = memory.records.byteLength;
    this.#position = Number(Atomics.load(memory.consumer, 0));
  }

  drain(sink: RecordSink, maxBytes: number): Drained {
    const start = this.#position;
    // Pairs with commit_polling and commit_and_wake: every record before this position is complete.
    const producer = Number(Atomics.load(this.#memory.producer, 0));
    const end = Math.min(producer, start + Math.floor(maxBytes / PACKET_LOG_SIZE));
    for (let position = start; position < end; ) {
      const index = position % this.#size;
      const count = Math.min(end - position, this.#size - index, SPAN_RECORDS);
      sink(this.#memory.records, index * PACKET_LOG_SIZE, count);
      position += count;
    }
    this.#position = Math.max(start, end);
    const records = this.#position - start;
    return { records, bytes: records * PACKET_LOG_SIZE, discarded: 0 };
  }

  commit(mode: CommitMode): void {
    const { consumer } = this.#memory;
    const position = BigInt(this.#position);
    // Pairs with the load of position in emit_array: copied records may be overwritten.
    if (consumer[0] !== position) Atomics.store(consumer, 0, position);
    // A writer that sees an older value uses a barrier that it does not need, or the reader waits for it to end.
    const polling = mode === 'polling' ? 1n : 0n;
    if (consumer[2] !== polling) Atomics.store(consumer, 2, polling);
    // Pairs with the load of need_wakeup in commit_and_wake: either the writer sees it, or our next poll sees the record.
    const needWakeup = mode === 'wakeOnNext' ? 1n : 0n;
    if (Atomics.load(consumer, 1) !== needWakeup) Atomics.store(consumer, 1, needWakeup);
  }

  /** Clears the polling flag of a previous reader that was killed while polling. Returns whether it was set. */
  stopPolling(): boolean {
    return Atomics.exchange(this.#memory.consumer, 2, 0n) !== 0n;
  }

  pending(): number {
    return (Number(Atomics.load(this.#memory.producer, 0)) - this.#position) * PACKET_LOG_SIZE;
  }
}
