/**
 * The reader's half of a BPF_MAP_TYPE_RINGBUF with one writer and records of one size (kernel/bpf/ringbuf.c is the
 * other half).
 *
 * ```
 *  data   ┌────────┬──────────┬────────┬──────────┬─ ─ ─
 *         │ header │  record  │ header │  record  │         positions only grow;
 *         └────────┴──────────┴────────┴──────────┴─ ─ ─    offset = position & (size - 1)
 *           8 bytes: u32 length | BUSY | DISCARD, u32 page offset
 * ```
 * The data is mapped twice in a row, so a record never seems to wrap.
 */
import { PACKET_LOG_SIZE } from '@packetlog/common';
import type { CommitMode, Drained, RecordSink, RingReader } from './ring-reader.ts';

const HEADER_BYTES = 8;
/** BPF_RINGBUF_BUSY_BIT: reserved, not committed yet. As a signed word it makes the header negative. */
const BUSY = 0x8000_0000 | 0;
/** BPF_RINGBUF_DISCARD_BIT. */
const DISCARD = 0x4000_0000;
/** Bytes from one record to the next. */
const KERNEL_RING_STRIDE = HEADER_BYTES + PACKET_LOG_SIZE;
/** Bytes in one span at most: few enough for the reader's caches. */
const SPAN_BYTES = 64 * 1024;

export interface KernelRingMemory {
  /**
   * Two u64, written by us: position up to which space is released; position up to which the ring was read, for the next
   * reader if this one is killed while it holds a record back. The kernel reads only the first: consumer_pos has a page of
   * its own in struct bpf_ringbuf (kernel/bpf/ringbuf.c).
   */
  consumer: BigUint64Array;
  /** One u64, written by the kernel: position up to which space was reserved. */
  producer: BigUint64Array;
  /** The data, mapped twice. */
  data: Uint8Array;
  /** Bytes of one mapping, a power of two. */
  size: number;
}

/** The ring contains something that our program never writes. */
export class RingFormatError extends Error {
  override readonly name = 'RingFormatError';
}

export class KernelRing implements RingReader {
  readonly stride = KERNEL_RING_STRIDE;
  readonly recordOffset = HEADER_BYTES;
  readonly capacity: number;
  readonly #memory: KernelRingMemory;
  readonly #words: Int32Array;
  /** Position up to which we drained; the kernel may have an older one. */
  #position: number;

  constructor(memory: KernelRingMemory) {
    this.#memory = memory;
    this.capacity = memory.size;
    this.#words = new Int32Array(memory.data.buffer, memory.data.byteOffset, memory.data.byteLength / 4);
    this.#position = readPosition(memory);
  }

  /** Records read from the ring so far, by all readers. */
  get records(): number {
    return this.#position / this.stride;
  }

  drain(sink: RecordSink, maxBytes: number): Drained {
    const { data, size } = this.#memory;
    const words = this.#words;
    const stride = this.stride;
    const start = this.#position;
    // Pairs with smp_store_release(&rb->producer_pos) in __bpf_ringbuf_reserve.
    const producer = Number(Atomics.load(this.#memory.producer, 0));
    const end = Math.min(producer, start + maxBytes);
    let position = start;
    let records = 0;
    let discarded = 0;

    while (position < end) {
      const spanStart = position & (size - 1);
      const spanEnd = Math.min(spanStart + SPAN_BYTES, spanStart + (end - position));
      let offset = spanStart;
      let header = 0;
      while (offset < spanEnd) {
        // The newest record may be incomplete: its header is read with acquire, so that its bytes are read after it.
        // Pairs with xchg(&hdr->len) in bpf_ringbuf_commit. Older records were committed before the producer position
        // moved past them.
        const last = position + (offset - spanStart) + stride >= producer;
        header = last ? Atomics.load(words, offset >>> 2) : (words[offset >>> 2] ?? BUSY);
        if (header !== PACKET_LOG_SIZE) break;
        offset += stride;
      }
      const count = (offset - spanStart) / stride;
      if (count > 0) sink(data, spanStart, count);
      records += count;
      position += offset - spanStart;
      if (header === PACKET_LOG_SIZE) continue;
      if (header & BUSY) break;
      if (!(header & DISCARD)) {
        throw new RingFormatError(
          `ring: record of ${header} bytes at position ${position}, expected ${PACKET_LOG_SIZE}`,
        );
      }
      discarded++;
      position += HEADER_BYTES + (((header & ~DISCARD) + 7) & ~7);
    }
    this.#position = position;
    return { records, discarded, bytes: position - start };
  }

  commit(mode: CommitMode): void {
    const behind = mode !== 'wakeOnNext' && this.#position >= this.stride ? this.stride : 0;
    const { consumer } = this.#memory;
    const read = BigInt(this.#position);
    const position = read - BigInt(behind);
    // Before the release: a reader that is killed in between has read this far.
    if (consumer[1] !== read) Atomics.store(consumer, 1, read);
    // Never move back: after `wakeOnNext` nothing is held until something new was drained.
    if (position <= consumer[0]!) return;
    // Pairs with smp_load_acquire(&rb->consumer_pos) in __bpf_ringbuf_reserve and bpf_ringbuf_commit.
    Atomics.store(consumer, 0, position);
  }

  pending(): number {
    return Number(Atomics.load(this.#memory.producer, 0)) - this.#position;
  }
}

/** Returns where the previous reader stopped. Earlier versions did not store it: then it is older than the release. */
function readPosition({ consumer, producer }: KernelRingMemory): number {
  const released = Number(Atomics.load(consumer, 0));
  const read = Number(Atomics.load(consumer, 1));
  return read > released && read <= Number(Atomics.load(producer, 0)) ? read : released;
}
