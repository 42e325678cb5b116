import { PACKET_LOG_SIZE, PacketLogView } from '@packetlog/common';
import { RecordArrays } from './record-arrays.ts';

/**
 * The newest records in memory that is allocated once. Rows are numbered from 0 in order of arrival; row `n` is in slot
 * `n % capacity` until row `n + capacity` replaces it.
 */
export class RecordRing {
  readonly capacity: number;
  /** Number of the next row, which is the number of rows so far. */
  end = 0;
  /** Changes whenever `retain` renumbers the rows. */
  numbering = 0;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same bytes. */
  readonly asArrays: RecordArrays;
  readonly #view: PacketLogView;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.bytes = new Uint8Array(capacity * PACKET_LOG_SIZE);
    this.asArrays = new RecordArrays(this.bytes.buffer);
    this.#view = new PacketLogView(this.bytes, { count: capacity, stride: PACKET_LOG_SIZE, recordOffset: 0 });
  }

  /** Rows that can be read: `end - size` to `end - 1`. */
  get size(): number {
    return Math.min(this.end, this.capacity);
  }

  /** Copies the records of a batch, oldest first. Of a batch larger than the ring only the newest remain. */
  append(batch: PacketLogView): void {
    const count = batch.length;
    for (let i = Math.max(0, count - this.capacity); i < count; i++) {
      batch.copyRecord(i, this.bytes, ((this.end + i) % this.capacity) * PACKET_LOG_SIZE);
    }
    this.end += count;
  }

  /** Appends a row and returns its 64 bytes, for the caller to fill. */
  appendSlot(): Uint8Array {
    const row = this.end++;
    return this.slotBytes(row);
  }

  /** Returns the view that holds `row`, and the index of the row in it: valid until the row is overwritten. */
  read(row: number): { view: PacketLogView; index: number } {
    if (row < this.end - this.size || row >= this.end) {
      throw new RangeError(`row ${row} is not among ${this.end - this.size} to ${this.end - 1}`);
    }
    return { view: this.#view, index: row % this.capacity };
  }

  slotBytes(row: number): Uint8Array {
    const at = (row % this.capacity) * PACKET_LOG_SIZE;
    return this.bytes.subarray(at, at + PACKET_LOG_SIZE);
  }

  /**
   * Removes rows for which `keep` is false and renumbers the others. Returns the new number of `follow`, null if it was
   * removed.
   */
  retain(keep: (bytes: Uint8Array, at: number) => boolean, follow: number | null = null): number | null {
    let followed: number | null = null;
    const kept = new Uint8Array(this.size * PACKET_LOG_SIZE);
    let rows = 0;
    for (let row = this.end - this.size; row < this.end; row++) {
      const at = (row % this.capacity) * PACKET_LOG_SIZE;
      if (!keep(this.bytes, at)) continue;
      if (row === follow) followed = rows;
      kept.set(this.bytes.subarray(at, at + PACKET_LOG_SIZE), rows++ * PACKET_LOG_SIZE);
    }
    this.bytes.set(kept.subarray(0, rows * PACKET_LOG_SIZE));
    this.end = rows;
    this.numbering++;
    return followed;
  }

  /**
   * Appends up to `max` next rows of `source`, of which this is an older copy. If `source` has overwritten some,
   * copies all of it and returns how many are missing.
   */
  takeFrom(source: RecordRing, max: number): number {
    const missing = Math.max(0, source.end - source.size - this.end);
    if (missing > 0) {
      this.copyFrom(source);
      return missing;
    }
    const to = Math.min(source.end, this.end + max);
    for (; this.end < to; this.end++) this.slotBytes(this.end).set(source.slotBytes(this.end));
    return 0;
  }

  /** Copies `source`, which must have the same capacity. */
  copyFrom(source: RecordRing): void {
    if (source.capacity !== this.capacity) throw new RangeError('rings of different capacity');
    // Only used slots: a new ring is mostly empty.
    this.bytes.set(source.bytes.subarray(0, source.size * PACKET_LOG_SIZE));
    this.end = source.end;
    this.numbering = source.numbering;
  }
}
