/**
 * Slabs that the server process reads: it maps nothing and writes nothing, but sends back the numbers of the slabs that
 * it has read.
 */
import { AFTER_SLABS_BYTES } from '../../ipc/row-marks.ts';
import { SLAB_BYTES, type SlabPool } from '../../ipc/slabs.ts';

const NUMBER_BYTES = 4;
const MAX_NUMBERS = 256;
const MAX_ROUNDS = 4;
/** Slabs that a server holds if it keeps up, so that one read(2) collects the numbers of several slabs. */
const MAX_HELD = 4;

/** Reads what waits in a pipe into a buffer, and returns the number of bytes. */
type ReadWaiting = (into: Uint8Array) => number;

export class ServerSlabs implements SlabPool {
  readonly #memory: Uint8Array;
  /** Records in each slab that the server holds; undefined: it is free. */
  readonly #held: (number | undefined)[];
  readonly #afterSlabs: DataView;
  /** Bytes written to the pipe of marks. */
  #marked = 0;
  readonly #input = new Uint8Array(MAX_NUMBERS * NUMBER_BYTES);
  readonly #view = new DataView(this.#input.buffer);
  /** Bytes of an incomplete number at the start of the input. */
  #partial = 0;
  /** Number of slabs in `#held` that the server holds. */
  #passed = 0;
  #read: ReadWaiting | undefined;

  /** `memory`: whole slabs, and AFTER_SLABS_BYTES. */
  constructor(memory: Uint8Array) {
    this.#memory = memory;
    const { buffer, byteOffset, byteLength } = memory;
    this.#afterSlabs = new DataView(buffer, byteOffset + byteLength - AFTER_SLABS_BYTES);
    this.#held = new Array(Math.floor(memory.byteLength / SLAB_BYTES)).fill(undefined);
  }

  /** Call when a server has started; `read` reads the pipe of released slabs. */
  connect(read: ReadWaiting): void {
    this.#read = read;
    this.#partial = 0;
    this.#marked = 0;
    this.marked(0);
  }

  /** Call when the server has ended. Returns the number of records that it had not released. */
  disconnect(): number {
    this.#collect();
    this.#read = undefined;
    const unread = this.#held.reduce<number>((sum, records) => sum + (records ?? 0), 0);
    this.#held.fill(undefined);
    this.#passed = 0;
    return unread;
  }

  /** Returns undefined if the server holds all slabs, or if there is no server. */
  take(): number | undefined {
    if (this.#read === undefined) return undefined;
    let slab = this.#held.indexOf(undefined);
    if (slab === -1) {
      this.#collect();
      slab = this.#held.indexOf(undefined);
    }
    if (slab === -1) return undefined;
    this.#held[slab] = 0;
    return slab;
  }

  /** Call before a slab is passed to the server. */
  pass(slab: number, records: number): void {
    this.#held[slab] = records;
    this.#passed++;
  }

  /** Undoes `pass`: the slab could not be passed. */
  withdraw(slab: number): void {
    this.#held[slab] = undefined;
    this.#passed--;
  }

  /** Call when `bytes` were written to the pipe of marks. */
  marked(bytes: number): void {
    this.#marked += bytes;
    this.#afterSlabs.setUint32(0, this.#marked, true);
  }

  free(): number {
    this.#collect();
    return this.#held.filter((records) => records === undefined).length;
  }

  /** Whether the server holds only a few slabs. */
  keepsUp(): boolean {
    if (this.#passed >= MAX_HELD) this.#collect();
    return this.#passed < MAX_HELD;
  }

  bytes(slab: number): Uint8Array {
    return this.#memory.subarray(slab * SLAB_BYTES, (slab + 1) * SLAB_BYTES);
  }

  /** Frees the slabs whose numbers have arrived. Numbers of slabs that the server does not hold change nothing. */
  #collect(): void {
    // Bounded: a server that writes without end must not hold up the drain loop.
    for (let round = 0; this.#read !== undefined && round < MAX_ROUNDS; round++) {
      const bytes = this.#partial + this.#read(this.#input.subarray(this.#partial));
      const whole = bytes - (bytes % NUMBER_BYTES);
      for (let at = 0; at < whole; at += NUMBER_BYTES) {
        const slab = this.#view.getUint32(at, true);
        // 0 records: it is being filled.
        if ((this.#held[slab] ?? 0) === 0) continue;
        this.#held[slab] = undefined;
        this.#passed--;
      }
      this.#input.copyWithin(0, whole, bytes);
      this.#partial = bytes - whole;
      if (bytes < this.#input.byteLength) return;
    }
  }
}
