/**
 * The reader's half of an array ring: records of one cache line, back to back, one writer
 * (packages/bpf/src/xdp/array_ring.h is the other half).
 *
 * ```
 *  records  ┌────────┬────────┬────────┬─ ─ ─┬────────┐   positions only grow;
 *           │ record │ record │ record │     │ record │   place = position & (records - 1)
 *           └────────┴────────┴────────┴─ ─ ─┴────────┘
 * ```
 */
import { PACKET_LOG_SIZE } from '@packetlog/common';
import type { Drained, RecordSink, RingReader } from './ring-reader.ts';

/** What fits the reader's caches. */
const SPAN_RECORDS = 1024;

export interface ArrayRingMemory {
  /** One u64, the writer's: records written. */
  producer: BigUint64Array;
  /** Two u64, ours: records read; 1 while we want to be woken, which the writer sets back to 0. */
  consumer: BigUint64Array;
  /** A power of two of records. */
  records: Uint8Array;
}

export class ArrayRing implements RingReader {
  readonly stride = PACKET_LOG_SIZE;
  readonly recordOffset = 0;
  readonly #memory: ArrayRingMemory;
  readonly #size: number;
  #position: number;

  constructor(memory: ArrayRingMemory) {
    this.#memory = memory;
    this.#size = memory.records.byteLength / PACKET_LOG_SIZE;
    this.#position = Number(Atomics.load(memory.consumer, 0));
  }

  drain(sink: RecordSink, maxBytes: number): Drained {
    const start = this.#position;
    // Pairs with the exchange in emit_array: every record before this position is complete.
    const producer = Number(Atomics.load(this.#memory.producer, 0));
    const end = Math.min(producer, start + Math.floor(maxBytes / PACKET_LOG_SIZE));
    for (let position = start; position < end; ) {
      const place = position % this.#size;
      const count = Math.min(end - position, this.#size - place, SPAN_RECORDS);
      sink(this.#memory.records, place * PACKET_LOG_SIZE, count);
      position += count;
    }
    this.#position = Math.max(start, end);
    const records = this.#position - start;
    return { records, bytes: records * PACKET_LOG_SIZE, discarded: 0 };
  }

  publish(wake: 'hold' | 'exact'): void {
    const { consumer } = this.#memory;
    const position = BigInt(this.#position);
    // Pairs with the load of position in emit_array: what was copied may be written over.
    if (consumer[0] !== position) Atomics.store(consumer, 0, position);
    // Pairs with the load of armed there: either the writer sees it, or our next look sees the record.
    const armed = wake === 'exact' ? 1n : 0n;
    if (Atomics.load(consumer, 1) !== armed) Atomics.store(consumer, 1, armed);
  }

  pending(): number {
    return (Number(Atomics.load(this.#memory.producer, 0)) - this.#position) * PACKET_LOG_SIZE;
  }
}
