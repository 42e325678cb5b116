import type { PacketLogBatch } from '@packetlog/common';

/**
 * Batches between the socket and the loop that reads them. It holds at most so many bytes: what comes while it is full
 * is counted and left out, whole batches at a time, because the loader cannot be held up.
 */
export class BatchQueue {
  readonly #mostBytes: number;
  readonly #batches: PacketLogBatch[] = [];
  #bytes = 0;
  #waiting: (() => void) | undefined;
  #ended: { error?: unknown } | undefined;
  /** Rows that were left out. */
  lost = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  push(batch: PacketLogBatch): void {
    if (this.#ended !== undefined) return;
    // One batch is always taken, however large: a queue that holds none would never move.
    if (this.#batches.length > 0 && this.#bytes + batch.byteLength > this.#mostBytes) {
      this.lost += batch.length;
      return;
    }
    this.#batches.push(batch);
    this.#bytes += batch.byteLength;
    this.#wake();
  }

  /** What is in it can still be taken; then `take` gives undefined, or throws `error` once. */
  end(error?: unknown): void {
    this.#ended ??= error === undefined ? {} : { error };
    this.#wake();
  }

  /** The oldest batch, when there is one; undefined at the end. For one reader. */
  async take(): Promise<PacketLogBatch | undefined> {
    while (this.#batches.length === 0 && this.#ended === undefined) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    const batch = this.#batches.shift();
    if (batch !== undefined) {
      this.#bytes -= batch.byteLength;
      return batch;
    }
    const error = this.#ended?.error;
    this.#ended = {};
    if (error !== undefined) throw error;
    return undefined;
  }

  #wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}
