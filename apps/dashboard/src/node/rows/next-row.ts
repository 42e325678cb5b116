import { readMarker } from './marker.ts';
import type { RecordRing } from './record-ring.ts';

/** Returns the next row that is a packet, starting at the newest if none is selected; null at the end. */
export function nextRow(ring: RecordRing, selected: number | null, step: number): number | null {
  let row = selected === null ? ring.end - 1 : selected + step;
  while (row < ring.end && row >= ring.end - ring.size) {
    if (readMarker(ring.slotBytes(row)) === null) return row;
    row += selected === null ? -1 : step;
  }
  return null;
}
