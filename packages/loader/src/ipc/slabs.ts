/**
 * The bounded queue between the thread that drains and the thread that serves: slabs of shared
 * memory. A slab is filled by the one, read by the other, and given back; there is never a copy
 * nor an allocation in between.
 */

/** Records per slab x the widest stride fits with room to spare. */
export const SLAB_BYTES = 256 * 1024;
const FREE = 0;
const TAKEN = 1;

export interface SlabMemory {
  /** slabs * SLAB_BYTES. */
  bytes: SharedArrayBuffer;
  /** One Int32 for each slab: FREE or TAKEN. */
  states: SharedArrayBuffer;
}

export function makeSlabMemory(slabs: number): SlabMemory {
  return { bytes: new SharedArrayBuffer(slabs * SLAB_BYTES), states: new SharedArrayBuffer(slabs * 4) };
}

export class Slabs {
  readonly #bytes: Uint8Array;
  readonly #states: Int32Array;

  constructor(memory: SlabMemory) {
    this.#bytes = new Uint8Array(memory.bytes);
    this.#states = new Int32Array(memory.states);
  }

  /** The first free slab, now taken; undefined if the reader holds them all. */
  take(): number | undefined {
    for (let slab = 0; slab < this.#states.length; slab++) {
      if (Atomics.compareExchange(this.#states, slab, FREE, TAKEN) === FREE) return slab;
    }
    return undefined;
  }

  /** How many nobody holds. */
  free(): number {
    return this.#states.reduce((free, _, slab) => free + (this.isFree(slab) ? 1 : 0), 0);
  }

  isFree(slab: number): boolean {
    return Atomics.load(this.#states, slab) === FREE;
  }

  release(slab: number): void {
    Atomics.store(this.#states, slab, FREE);
  }

  bytes(slab: number): Uint8Array {
    return this.#bytes.subarray(slab * SLAB_BYTES, (slab + 1) * SLAB_BYTES);
  }
}
