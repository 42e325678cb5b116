import { expect, it } from 'vitest';
import { decodeMark, encodeMark, MARK_BYTES, type RowMark } from './row-marks.ts';

const MARKS: readonly RowMark[] = [
  { kind: 'rows', slab: 255, count: 3640, skipped: 4_000_000_000 },
  { kind: 'skipped', skipped: 7 },
  { kind: 'rowsWanted', skipped: 0 },
  { kind: 'clock', offsetNs: -1_800_000_000_123_456_789n },
  { kind: 'report', number: 86_400 },
  { kind: 'end' },
];

it.each(MARKS)('a mark of kind $kind is the same after it was encoded and decoded', (mark) => {
  const bytes = encodeMark(mark);
  expect(bytes).toHaveLength(MARK_BYTES);
  const padded = new Uint8Array(MARK_BYTES + 3);
  padded.set(bytes, 3);
  expect(decodeMark(padded, 3)).toEqual(mark);
});

it('an unknown kind is an error', () => {
  expect(() => decodeMark(new Uint8Array(MARK_BYTES).fill(0xff), 0)).toThrow(RangeError);
});
