/** Measures how full the rings are and how late records are read: the highest values since the last report. */
import { PACKET_LOG_FIELDS } from '@packetlog/common';
import type { Drained, RingReader } from './ring-reader.ts';

/** Shortest time between two measurements of the lag: a longer lag takes longer than this to build up. */
const LAG_INTERVAL_MS = 1;
const TIMESTAMP = PACKET_LOG_FIELDS[0].offset;
const HIGH_WORD = 2 ** 32;
const NS_PER_MS = 1e6;

export class ReaderMeter {
  readonly ringBytes: number;
  #fill = 0;
  #lagMs = 0;
  #nextLag = 0;

  constructor(rings: readonly RingReader[]) {
    this.ringBytes = rings.reduce((sum, { capacity }) => sum + capacity, 0);
  }

  /** Call it for a span of records in a ring, before they are released. `at`: offset of the first record. */
  span(memory: Uint8Array, at: number): void {
    const now = performance.now();
    if (now < this.#nextLag) return;
    this.#nextLag = now + LAG_INTERVAL_MS;
    // Wall clock against wall clock: exact to about a millisecond, which is enough to see that the reader is late.
    this.#lagMs = Math.max(this.#lagMs, Date.now() - timestampMs(memory, at + TIMESTAMP));
  }

  /** Call it after a ring was drained. `more`: it had more records than were read. */
  drained(ring: RingReader, { bytes }: Drained, more: boolean): void {
    if (bytes === 0) return;
    const filled = bytes + (more ? ring.pending() : 0);
    this.#fill = Math.max(this.#fill, Math.min(1, filled / ring.capacity));
  }

  /** Returns the highest values since the last call. */
  take(): { ring_fill: number; lag_ms: number } {
    const highest = { ring_fill: this.#fill, lag_ms: this.#lagMs };
    this.#fill = 0;
    this.#lagMs = 0;
    return highest;
  }
}

/** Reads a little-endian u64 of nanoseconds; the rounding to a double is below a microsecond. */
function timestampMs(memory: Uint8Array, at: number): number {
  const word = (from: number) =>
    (memory[from]! | (memory[from + 1]! << 8) | (memory[from + 2]! << 16) | (memory[from + 3]! << 24)) >>> 0;
  return (word(at + 4) * HIGH_WORD + word(at)) / NS_PER_MS;
}
