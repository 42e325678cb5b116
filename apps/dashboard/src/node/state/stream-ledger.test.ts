import { expect, test } from 'vitest';
import { lostBetween, NEW_STREAM, receiveBatch, type StreamHeader } from './stream-ledger.ts';

const header = (over: Partial<StreamHeader>): StreamHeader => ({
  sequence: 0,
  length: 0,
  offered: 0,
  dropped: 0,
  withheld: 0,
  ...over,
});
const read = (...headers: StreamHeader[]) => headers.reduce(receiveBatch, NEW_STREAM);

test('batches in order lose nothing', () => {
  const stream = read(
    header({ sequence: 0, length: 10, offered: 10 }),
    header({ sequence: 1, length: 5, offered: 15 }),
  );
  expect(stream).toEqual({ next: 2, received: 15, dropped: 0, withheld: 0, missingBatches: 0, missingRows: 0 });
});

test('a gap in the sequence is counted in batches, and in rows by the offered count', () => {
  const stream = read(
    header({ sequence: 0, length: 10, offered: 10 }),
    header({ sequence: 3, length: 4, offered: 39 }),
  );
  expect(stream).toMatchObject({ missingBatches: 2, missingRows: 25, received: 14 });
});

test('a stream that does not begin with batch 0 has lost batches', () => {
  expect(read(header({ sequence: 2, length: 1, offered: 8 }))).toMatchObject({ missingBatches: 2, missingRows: 7 });
});

test('dropped rows are lost, withheld rows are not', () => {
  const before = read(header({ sequence: 0, length: 10, offered: 10 }));
  const after = receiveBatch(before, header({ sequence: 1, length: 10, offered: 60, dropped: 30, withheld: 10 }));
  expect(after).toMatchObject({ dropped: 30, withheld: 10, missingRows: 0 });
  expect(lostBetween(before, after)).toBe(30);
});

test('a lost batch after dropped rows counts only its own rows', () => {
  const before = read(header({ sequence: 0, length: 10, offered: 40, dropped: 30 }));
  const after = receiveBatch(before, header({ sequence: 2, length: 10, offered: 60, dropped: 30 }));
  expect(lostBetween(before, after)).toBe(10);
});
