/**
 * Sorts the records of a slab by time. Each ring is in order, but the rings are read one after the other, so a slab
 * contains a sorted run from each.
 */
import { PacketLogView } from '@packetlog/common';

/**
 * Maximum records of a slab to sort. At higher rates sorting would cost more than all other work, and rows pass too
 * fast to be read in order.
 */
const MOST = 1024;

export function sortByTime(bytes: Uint8Array, count: number, stride: number, recordOffset: number): void {
  if (count < 2 || count > MOST) return;
  const view = new PacketLogView(bytes, { count, stride, recordOffset });
  const times = Float64Array.from({ length: count }, (_, i) => view.timestampMs(i));
  if (times.every((time, i) => i === 0 || time >= (times[i - 1] ?? time))) return;
  const order = Array.from(times.keys()).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
  // Not bytes.slice: that of a Buffer shares its memory.
  const copy = new Uint8Array(bytes.subarray(0, count * stride));
  order.forEach((from, to) => {
    bytes.set(copy.subarray(from * stride, (from + 1) * stride), to * stride);
  });
}
