import { PACKET_LOG_SIZE, type PacketLogView } from '@packetlog/common';
import { RecordRing } from '../rows/record-ring.ts';

/** Recorded rows, filled from the newest to the oldest: the newest has the highest number, which stays. */
export class PastRing extends RecordRing {
  #loaded = 0;

  constructor(capacity: number) {
    super(capacity);
    this.end = capacity;
  }

  override get size(): number {
    return this.#loaded;
  }

  /** Copies records, oldest first, before the oldest row. Of more than there is room for, the newest. */
  prepend(batch: PacketLogView): void {
    const count = Math.min(batch.length, this.capacity - this.#loaded);
    const first = this.end - this.#loaded - count;
    for (let i = 0; i < count; i++) {
      batch.copyRecord(batch.length - count + i, this.bytes, (first + i) * PACKET_LOG_SIZE);
    }
    this.#loaded += count;
    // Conversations count rows in order: they begin again.
    this.numbering++;
  }
}
