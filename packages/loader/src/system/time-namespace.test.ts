import { expect, it } from 'vitest';
import { parseOffsets } from './time-namespace.ts';

it.each([
  ['monotonic           0         0\nboottime            0         0\n', 0n, 0n],
  ['monotonic      864000         5\nboottime       -90061 500000000\n', 864_000_000_000_005n, -90_060_500_000_000n],
  ['', 0n, 0n],
])('offsets are read from %j', (text, monotonic, boottime) => {
  expect(parseOffsets(text)).toEqual({ monotonic, boottime });
});
