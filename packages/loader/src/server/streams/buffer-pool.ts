/**
 * Memory for the records of batches, used again and again. As a new buffer each, a megabyte or more a second would be
 * memory outside of the engine's heap that only a collection gives back: it would mark all of the heap about once a second.
 */

const LEAST_BYTES = 64;
/** Of each size, a power of two, so many wait to be used again; more are left to the collector. */
const KEPT = 8;

export class BufferPool {
  readonly #free = new Map<number, Buffer[]>();

  /** Memory for `bytes`, and for less than twice as many. */
  acquire(bytes: number): PooledBuffer {
    const size = Math.max(LEAST_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
    return new PooledBuffer(this.#free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size), this);
  }

  /** Called by the pooled, when nobody uses it any more. */
  takeBack(buffer: Buffer): void {
    const free = this.#free.get(buffer.byteLength);
    if (free === undefined) this.#free.set(buffer.byteLength, [buffer]);
    else if (free.length < KEPT) free.push(buffer);
  }
}

/** Whoever made it uses it first. One that is not given back by all is left to the collector. */
export class PooledBuffer {
  readonly buffer: Buffer;
  readonly #memory: BufferPool;
  #users = 1;

  constructor(buffer: Buffer, memory: BufferPool) {
    this.buffer = buffer;
    this.#memory = memory;
  }

  /** One more uses it. */
  share(): void {
    this.#users++;
  }

  /** Called once by each who used it: what it held may be written over. */
  release(): void {
    if (--this.#users === 0) this.#memory.takeBack(this.buffer);
  }
}
