import { PACKET_LOG_SIZE, PacketLogView } from '@packetlog/common';
import { expect, it } from 'vitest';
import { numberedRecord, recordNumber } from '../../../test/support/fake-ring.ts';
import { sortByTime } from './sort-by-time.ts';

const STRIDE = 72;
const OFFSET = 8;

function slabOf(numbers: readonly number[], make: (length: number) => Uint8Array): Uint8Array {
  const bytes = make(numbers.length * STRIDE);
  for (const [i, number] of numbers.entries()) bytes.set(numberedRecord(number), i * STRIDE + OFFSET);
  return bytes;
}

it.each<[string, (length: number) => Uint8Array]>([
  ['an array', (length) => new Uint8Array(length)],
  ['shared memory', (length) => new Uint8Array(new SharedArrayBuffer(length))],
  ['a Buffer, whose slice is no copy', (length) => Buffer.alloc(length)],
])('sorts the runs of several rings in %s, and loses no record', (_, make) => {
  const bytes = slabOf([5, 6, 9, 1, 2, 7, 8, 3, 4], make);
  sortByTime(bytes, 9, STRIDE, OFFSET);
  const numbers = Array.from({ length: 9 }, (_, i) =>
    recordNumber(new Uint8Array(bytes.subarray(i * STRIDE + OFFSET, i * STRIDE + OFFSET + PACKET_LOG_SIZE))),
  );
  const view = new PacketLogView(bytes, { count: 9, stride: STRIDE, recordOffset: OFFSET });
  const times = Array.from({ length: 9 }, (_, i) => view.timestampMs(i));
  expect([...numbers].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

it('compares both halves of the times', () => {
  const bytes = slabOf([9, 1, 5], (length) => new Uint8Array(length));
  const view = new DataView(bytes.buffer);
  for (const [i, high] of [1, 2, 1].entries()) view.setUint32(i * STRIDE + OFFSET + 4, high, true);
  sortByTime(bytes, 3, STRIDE, OFFSET);
  const lowHalves = [0, 1, 2].map((i) => view.getUint32(i * STRIDE + OFFSET, true));
  expect(lowHalves).toEqual([5, 9, 1]);
});
