/**
 * The reader's half of a perf event buffer (struct perf_event_mmap_page of linux/perf_event.h), in which
 * bpf_perf_event_output wrote records as raw samples.
 *
 * ```
 *  ┌──────────────────────────┬───────────┬──────────┬─────┐
 *  │ type u32, misc, size u16 │ bytes u32 │  record  │ pad │   80 bytes, may wrap at the end
 *  └──────────────────────────┴───────────┴──────────┴─────┘
 * ```
 */
import { PACKET_LOG_SIZE } from '@packetlog/common';
import { RingFormatError } from './kernel-ring.ts';
import type { Drained, RecordSink, RingReader } from './ring-reader.ts';

const PERF_RECORD_LOST = 2;
const PERF_RECORD_SAMPLE = 9;
const HEADER_BYTES = 8;
const RAW_SIZE_BYTES = 4;
/** Header, length of the raw data, record, and the padding to 8 bytes. */
const SAMPLE_BYTES = Math.ceil((HEADER_BYTES + RAW_SIZE_BYTES + PACKET_LOG_SIZE) / 8) * 8;
const SPAN_BYTES = 64 * 1024;

export interface PerfRingMemory {
  /** One u64, written by the kernel: bytes written. */
  head: BigUint64Array;
  /** One u64, written by us: bytes read. */
  tail: BigUint64Array;
  /** Size is a power of two of bytes. */
  data: Uint8Array;
}

export class PerfRing implements RingReader {
  readonly stride = SAMPLE_BYTES;
  readonly recordOffset = HEADER_BYTES + RAW_SIZE_BYTES;
  readonly capacity: number;
  /** Samples that the kernel reported as lost; the program counted them as ring_full too. */
  lost = 0;
  readonly #memory: PerfRingMemory;
  readonly #view: DataView;
  /** A sample that wraps, reassembled. */
  readonly #wrapped = new Uint8Array(SAMPLE_BYTES);
  #position: number;

  constructor(memory: PerfRingMemory) {
    this.#memory = memory;
    this.capacity = memory.data.byteLength;
    const { buffer, byteOffset, byteLength } = memory.data;
    this.#view = new DataView(buffer, byteOffset, byteLength);
    this.#position = Number(Atomics.load(memory.tail, 0));
  }

  drain(sink: RecordSink, maxBytes: number): Drained {
    const size = this.#memory.data.byteLength;
    const start = this.#position;
    // Pairs with the release of data_head in perf_output_put_handle: everything before it is complete.
    const end = Math.min(Number(Atomics.load(this.#memory.head, 0)), start + maxBytes);
    let position = start;
    let records = 0;
    while (position < end) {
      const offset = position % size;
      const span = this.#samples(offset, Math.min(end - position, size - offset, SPAN_BYTES));
      if (span > 0) {
        sink(this.#memory.data, offset, span);
        records += span;
        position += span * SAMPLE_BYTES;
        continue;
      }
      const type = this.#u32(position);
      const bytes = this.#u32(position + 4) >>> 16;
      if (type === PERF_RECORD_SAMPLE && bytes === SAMPLE_BYTES) {
        this.#unwrap(offset);
        sink(this.#wrapped, 0, 1);
        records++;
      } else if (type === PERF_RECORD_LOST) {
        this.lost += this.#u32(position + HEADER_BYTES + 8);
      } else if (bytes < HEADER_BYTES || type === PERF_RECORD_SAMPLE) {
        throw new RingFormatError(`perf buffer: record of type ${type} with ${bytes} bytes at ${position}`);
      }
      position += bytes;
    }
    this.#position = position;
    return { records, bytes: position - start, discarded: 0 };
  }

  /** Releases what was drained. The kernel wakes the reader at every sample, so the mode is ignored. */
  commit(): void {
    const position = BigInt(this.#position);
    // Pairs with the load of data_tail in __perf_output_begin.
    if (this.#memory.tail[0] !== position) Atomics.store(this.#memory.tail, 0, position);
  }

  pending(): number {
    return Number(Atomics.load(this.#memory.head, 0)) - this.#position;
  }

  /** Returns the number of whole samples in a row from `offset`, within `bytes`. */
  #samples(offset: number, bytes: number): number {
    let count = 0;
    while ((count + 1) * SAMPLE_BYTES <= bytes) {
      const at = offset + count * SAMPLE_BYTES;
      const isSample = this.#view.getUint32(at, true) === PERF_RECORD_SAMPLE;
      if (!isSample || this.#view.getUint16(at + 6, true) !== SAMPLE_BYTES) break;
      count++;
    }
    return count;
  }

  /** Reads a u32. Records begin at multiples of 8: a word never wraps. */
  #u32(position: number): number {
    return this.#view.getUint32(position % this.#memory.data.byteLength, true);
  }

  #unwrap(offset: number): void {
    const { data } = this.#memory;
    const first = Math.min(SAMPLE_BYTES, data.byteLength - offset);
    this.#wrapped.set(data.subarray(offset, offset + first));
    this.#wrapped.set(data.subarray(0, SAMPLE_BYTES - first), first);
  }
}
