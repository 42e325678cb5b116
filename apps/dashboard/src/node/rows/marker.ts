import { byteOf } from './record-arrays.ts';
import type { RecordRing } from './record-ring.ts';

/**
 * A gap between rows, stored among them as a 64-byte record with an `action` that no packet has, so that the gap is
 * shown where it happened.
 */
export const MARKERS = { lost: 1, paused: 2, disconnected: 3, restarted: 4, filtered: 5 } as const;
export type MarkerKind = keyof typeof MARKERS;

export interface Marker {
  readonly kind: MarkerKind;
  /** Beginning of the gap, ms since the epoch. */
  readonly at_ms: number;
  /** Missing rows; 0 if unknown. */
  readonly rows: number;
  /** Duration of the gap; 0 if it has none. */
  readonly span_ms: number;
}

const MARKER_ACTION = 0xff;
const ACTION_AT = byteOf('action');
const KIND_AT = byteOf('reason');
// A marker stores three numbers in the 32 bytes of the addresses.
const AT_MS_AT = byteOf('src_addr');
const ROWS_AT = AT_MS_AT + 8;
const SPAN_AT = AT_MS_AT + 16;

/** Appends a marker, or adds to the newest row if that is a marker of the same kind. */
export function appendMarker(ring: RecordRing, marker: Marker): void {
  const last = ring.end > 0 ? readMarker(ring.slotBytes(ring.end - 1)) : null;
  const merged = last !== null && last.kind === marker.kind;
  const slot = merged ? ring.slotBytes(ring.end - 1) : ring.appendSlot().fill(0);
  const data = new DataView(slot.buffer, slot.byteOffset, slot.byteLength);
  slot[ACTION_AT] = MARKER_ACTION;
  slot[KIND_AT] = MARKERS[marker.kind];
  data.setFloat64(AT_MS_AT, marker.at_ms, true);
  data.setFloat64(ROWS_AT, marker.rows + (merged ? last.rows : 0), true);
  data.setFloat64(SPAN_AT, marker.span_ms + (merged ? last.span_ms : 0), true);
}

/** Returns whether the record that begins at byte `at` is a marker. */
export function isMarkerAt(bytes: Uint8Array, at: number): boolean {
  return bytes[at + ACTION_AT] === MARKER_ACTION;
}

/** Returns the marker in these 64 bytes; null if they are a packet. */
export function readMarker(slot: Uint8Array): Marker | null {
  if (slot[ACTION_AT] !== MARKER_ACTION) return null;
  const code = slot[KIND_AT];
  const kind = (Object.keys(MARKERS) as MarkerKind[]).find((name) => MARKERS[name] === code);
  if (kind === undefined) return null;
  const data = new DataView(slot.buffer, slot.byteOffset, slot.byteLength);
  return {
    kind,
    at_ms: data.getFloat64(AT_MS_AT, true),
    rows: data.getFloat64(ROWS_AT, true),
    span_ms: data.getFloat64(SPAN_AT, true),
  };
}
