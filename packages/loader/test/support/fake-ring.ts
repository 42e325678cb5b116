/** A kernel ring in plain memory, with the kernel's half played by the test (kernel/bpf/ringbuf.c). */
import { PACKET_LOG_SIZE } from '@packetlog/common';
import type { KernelRingMemory } from '../../src/rings/kernel-ring.ts';

const HEADER_BYTES = 8;
const BUSY = 0x8000_0000;
const DISCARD = 0x4000_0000;

export class FakeRing {
  readonly memory: KernelRingMemory;
  readonly #words: Uint32Array;

  /** `size`: a power of two; `start`: where both positions begin, as after a long life. */
  constructor(size: number, start = 0) {
    this.memory = {
      consumer: BigUint64Array.of(BigInt(start), 0n),
      producer: BigUint64Array.of(BigInt(start)),
      data: new Uint8Array(2 * size),
      size,
    };
    this.#words = new Uint32Array(this.memory.data.buffer);
  }

  get producer(): number {
    return Number(this.memory.producer[0]);
  }

  get consumer(): number {
    return Number(this.memory.consumer[0]);
  }

  /** bpf_ringbuf_reserve: the record's position, or undefined if the ring is full. */
  reserve(length: number = PACKET_LOG_SIZE): number | undefined {
    const position = this.producer;
    const after = position + HEADER_BYTES + Math.ceil(length / 8) * 8;
    if (after - this.consumer > this.memory.size - 1) return undefined;
    this.#setHeader(position, BUSY + length);
    this.memory.producer[0] = BigInt(after);
    return position;
  }

  /** Writes the bytes of a reserved record: into both mappings, as they are one memory. */
  fill(position: number, bytes: Uint8Array): void {
    const { data, size } = this.memory;
    for (const [i, byte] of bytes.entries()) {
      const offset = (position + HEADER_BYTES + i) % size;
      data[offset] = byte;
      data[offset + size] = byte;
    }
  }

  /** bpf_ringbuf_submit or _discard with flag 0: whether the kernel wakes the reader. */
  commit(position: number, as: 'submit' | 'discard' = 'submit'): boolean {
    const length = this.#header(position) - BUSY;
    this.#setHeader(position, as === 'discard' ? length + DISCARD : length);
    return this.consumer % this.memory.size === position % this.memory.size;
  }

  /** A whole record, as a program writes it. False if the ring is full. */
  write(bytes: Uint8Array): boolean {
    const position = this.reserve(bytes.length);
    if (position === undefined) return false;
    this.fill(position, bytes);
    this.commit(position);
    return true;
  }

  #header(position: number): number {
    return this.#words[(position % this.memory.size) / 4] ?? 0;
  }

  #setHeader(position: number, header: number): void {
    const { size } = this.memory;
    const word = (position % size) / 4;
    this.#words[word] = header;
    this.#words[word + size / 4] = header;
  }
}

/** A record whose bytes depend on its number, and whose time is that many nanoseconds after a moment. */
export function numberedRecord(number: number): Uint8Array {
  const bytes = new Uint8Array(PACKET_LOG_SIZE);
  const words = new Uint32Array(bytes.buffer);
  for (let i = 2; i < words.length; i++) words[i] = Math.imul(number + 1, 0x9e37_79b1) ^ (i * 0x0101_0101);
  words[0] = number;
  words[1] = 7;
  return bytes;
}

/** The number of an intact numberedRecord; throws if a byte differs. */
export function recordNumber(bytes: Uint8Array): number {
  const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const wanted = numberedRecord(number);
  const wrong = wanted.findIndex((byte, i) => byte !== bytes[i]);
  if (wrong >= 0) throw new Error(`record ${number}: byte ${wrong} is ${bytes[wrong]}, not ${wanted[wrong]}`);
  return number;
}
