import type { PacketLogBatch } from '@packetlog/common';

/**
 * Queues batches between the socket and the loop that reads them, up to a limit in bytes. Discards and counts batches
 * that do not fit: a slow client must not slow down the loader.
 */
export class BatchQueue {
  readonly #maxBytes: number;
  readonly #batches: PacketLogBatch[] = [];
  #bytes = 0;
  #wakeReader: (() => void) | undefined;
  #ended: { error?: unknown } | undefined;
  /** Number of rows in discarded batches. */
  lost = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Appends a batch. Discards it if the queue is full or has ended. */
  push(batch: PacketLogBatch): void {
    if (this.#ended !== undefined) return;
    // An empty queue accepts any batch: one larger than the limit would otherwise never be delivered.
    if (this.#batches.length > 0 && this.#bytes + batch.byteLength > this.#maxBytes) {
      this.lost += batch.length;
      return;
    }
    this.#batches.push(batch);
    this.#bytes += batch.byteLength;
    this.#wake();
  }

  /** Ends the queue: `take` returns the remaining batches, then throws `error` once if given, then returns undefined. */
  end(error?: unknown): void {
    this.#ended ??= error === undefined ? {} : { error };
    this.#wake();
  }

  /** Removes the oldest batch, waiting for one if needed; undefined at the end. Only one reader may wait at a time. */
  async take(): Promise<PacketLogBatch | undefined> {
    while (this.#batches.length === 0 && this.#ended === undefined) {
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
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
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }
}
