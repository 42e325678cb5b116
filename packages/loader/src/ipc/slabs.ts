/**
 * The bounded queue between the drain thread and the serving thread: slabs of shared memory. The drain thread fills a
 * slab, the serving thread reads and releases it, without a copy or an allocation in between.
 */

/** Bytes of a slab: its records at the widest stride, with room to spare. */
export const SLAB_BYTES = 256 * 1024;
const FREE = 0;
const TAKEN = 1;

export interface SlabMemory {
  /** slabs * SLAB_BYTES. */
  bytes: SharedArrayBuffer;
  /** One Int32 for each slab: FREE or TAKEN. */
  states: SharedArrayBuffer;
}

/** What the drain thread needs of the slabs of a consumer. */
export interface SlabPool {
  /** Takes and returns a free slab; undefined if the consumer holds all of them. */
  take(): number | undefined;
  /** Returns the number of free slabs. */
  free(): number;
  /**
   * Whether the consumer keeps up, so that the next slab is passed on at once. `last`: the slab passed last; undefined
   * if it is in use again.
   */
  keepsUp(last: number | undefined): boolean;
  bytes(slab: number): Uint8Array;
}

export function makeSlabMemory(slabs: number): SlabMemory {
  return { bytes: new SharedArrayBuffer(slabs * SLAB_BYTES), states: new SharedArrayBuffer(slabs * 4) };
}

export class Slabs implements SlabPool {
  readonly #bytes: Uint8Array;
  readonly #states: Int32Array;

  constructor(memory: SlabMemory) {
    this.#bytes = new Uint8Array(memory.bytes);
    this.#states = new Int32Array(memory.states);
  }

  /** Takes and returns the first free slab; undefined if the reader holds all of them. */
  take(): number | undefined {
    for (let slab = 0; slab < this.#states.length; slab++) {
      if (Atomics.compareExchange(this.#states, slab, FREE, TAKEN) === FREE) return slab;
    }
    return undefined;
  }

  /** Returns the number of free slabs. */
  free(): number {
    return this.#states.reduce((free, _, slab) => free + (this.isFree(slab) ? 1 : 0), 0);
  }

  isFree(slab: number): boolean {
    return Atomics.load(this.#states, slab) === FREE;
  }

  /** Whether the reader has released the last slab. */
  keepsUp(last: number | undefined): boolean {
    return last === undefined || this.isFree(last);
  }

  release(slab: number): void {
    Atomics.store(this.#states, slab, FREE);
  }

  bytes(slab: number): Uint8Array {
    return this.#bytes.subarray(slab * SLAB_BYTES, (slab + 1) * SLAB_BYTES);
  }
}
