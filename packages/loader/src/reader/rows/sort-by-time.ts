/**
 * Sorts the records of a slab by time. Each ring is in order, but the rings are read one after the other, so a slab
 * contains a sorted run from each.
 */
import { PACKET_LOG_FIELDS } from '@packetlog/common';

/**
 * Maximum records of a slab to sort. At higher rates sorting would cost more than all other work, and rows pass too
 * fast to be read in order.
 */
const MOST = 1024;
const TIMESTAMP = PACKET_LOG_FIELDS[0].offset;
const HIGH_WORD = 2 ** 32;

export function sortByTime(bytes: Uint8Array, count: number, stride: number, recordOffset: number): void {
  if (count < 2 || count > MOST) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset + recordOffset + TIMESTAMP);
  if (isSorted(view, count, stride)) return;
  const times = Float64Array.from(
    { length: count },
    (_, i) => view.getUint32(i * stride + 4, true) * HIGH_WORD + view.getUint32(i * stride, true),
  );
  const order = Array.from(times.keys()).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
  // Not bytes.slice: that of a Buffer shares its memory.
  const copy = new Uint8Array(bytes.subarray(0, count * stride));
  order.forEach((from, to) => {
    bytes.set(copy.subarray(from * stride, (from + 1) * stride), to * stride);
  });
}

/** Returns whether the 64-bit times at `view`, `stride` bytes apart, are in order. Allocates nothing: most slabs are. */
function isSorted(view: DataView, count: number, stride: number): boolean {
  let lastHigh = 0;
  let lastLow = 0;
  for (let at = 0; at < count * stride; at += stride) {
    const high = view.getUint32(at + 4, true);
    const low = view.getUint32(at, true);
    if (high < lastHigh || (high === lastHigh && low < lastLow)) return false;
    lastHigh = high;
    lastLow = low;
  }
  return true;
}
