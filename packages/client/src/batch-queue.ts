import type { PacketLogBatch } from '@packetlog/common';

/**
 * Queues batches between the socket and the loop that reads them, up to a limit in bytes. While it is full, it counts
 * and discards whole batches, because a client cannot slow down the loader.
 */
export class BatchQueue {
  readonly #mostBytes: number;
  readonly #batches: PacketLogBatch[] = [];
  #bytes = 0;
  #waiting: (() => void) | undefined;
  #ended: { error?: unknown } | undefined;
  /** Rows that were discarded. */
  lost = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  push(batch: PacketLogBatch): void {
    if (this.#ended !== undefined) return;
    // One batch is always accepted, however large: otherwise a large one would never get through.
    if (this.#batches.length > 0 && this.#bytes + batch.byteLength > this.#mostBytes) {
      this.lost += batch.length;
      return;
    }
    this.#batches.push(batch);
    this.#bytes += batch.byteLength;
    this.#wake();
  }

  /** Ends the queue: what is in it can still be taken, then `take` resolves with undefined, or throws `error` once. */
  end(error?: unknown): void {
    this.#ended ??= error === undefined ? {} : { error };
    this.#wake();
  }

  /** Resolves with the oldest batch once there is one; undefined at the end. For one reader. */
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
