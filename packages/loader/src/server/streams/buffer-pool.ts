/**
 * Pools memory for the records of batches. A new buffer per batch would allocate a megabyte or more per second outside
 * V8's heap, which only a garbage collection frees: it would mark the whole heap about once a second.
 */

const MIN_BYTES = 64;
/** Free buffers kept per size (a power of two); the garbage collector frees the rest. */
const KEPT = 8;

export class BufferPool {
  readonly #free = new Map<number, Buffer[]>();

  /** Returns a buffer of at least `bytes`, and of less than twice as many or MIN_BYTES. */
  acquire(bytes: number): PooledBuffer {
    const size = Math.max(MIN_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
    return new PooledBuffer(this.#free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size), this);
  }

  /** Called by PooledBuffer when its last user has released it. */
  reclaim(buffer: Buffer): void {
    const free = this.#free.get(buffer.byteLength);
    if (free === undefined) this.#free.set(buffer.byteLength, [buffer]);
    else if (free.length < KEPT) free.push(buffer);
  }
}

/**
 * A counted reference to pooled memory; its creator is the first user. The garbage collector frees a buffer that was
 * not released by all users.
 */
export class PooledBuffer {
  readonly buffer: Buffer;
  readonly #memory: BufferPool;
  #users = 1;

  constructor(buffer: Buffer, memory: BufferPool) {
    this.buffer = buffer;
    this.#memory = memory;
  }

  /** Adds a user. */
  retain(): void {
    this.#users++;
  }

  /** Call it once per user; after the last call the memory may be overwritten. */
  release(): void {
    if (--this.#users === 0) this.#memory.reclaim(this.buffer);
  }
}
