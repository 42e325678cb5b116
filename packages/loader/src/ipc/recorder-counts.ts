/** The recorder's counters, in memory that its thread writes and the drain thread reads. */

/** Records since the start, unless said. */
const NAMES = [
  /** Written to a file. */
  'recorded',
  /** Left out because of the limit of permitted packets per second; the weights of recorded ones stand for them. */
  'sampled',
  /** Not written, because the disk failed. */
  'lost',
  /** In files that were deleted, because they were too old or took too much room. */
  'expired',
  /** Bytes of all files. */
  'bytes',
  /** Time of the oldest record that is kept, in ns since the epoch; 0: none. */
  'oldest_ns',
  /** Full files that are not sealed yet. */
  'unsealed',
  /** 1 while the disk takes records, 0 while it does not. */
  'recording',
] as const;

export type RecorderCount = (typeof NAMES)[number];

export function makeRecorderCounts(): SharedArrayBuffer {
  return new SharedArrayBuffer(NAMES.length * BigInt64Array.BYTES_PER_ELEMENT);
}

export class RecorderCounts {
  readonly #values: BigInt64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#values = new BigInt64Array(memory);
  }

  get(name: RecorderCount): number {
    return Number(this.exact(name));
  }

  exact(name: RecorderCount): bigint {
    return Atomics.load(this.#values, NAMES.indexOf(name));
  }

  add(name: RecorderCount, value: number): void {
    Atomics.add(this.#values, NAMES.indexOf(name), BigInt(value));
  }

  set(name: RecorderCount, value: number | bigint): void {
    Atomics.store(this.#values, NAMES.indexOf(name), BigInt(value));
  }
}
