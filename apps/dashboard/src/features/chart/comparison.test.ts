import { expect, test } from 'vitest';
import { makeSummary } from '../../../test/support/samples.ts';
import { Past } from '../../node/past/past.ts';
import { changeText, compare } from './comparison.ts';

/** `rates`: packets of each second from 1,000,000 ms on. */
function past(...rates: number[]): Past {
  const past = new Past();
  rates.forEach((packets, i) => {
    past.add(makeSummary({ at_ms: 1_001_000 + i * 1000, total: { packets, bytes: packets * 100 } }), 0);
  });
  return past;
}

test.each([
  [[100, 138], '+38 % vs the previous second'],
  [[100, 50], '−50 % vs the previous second'],
  [[100, 100], 'same as the previous second'],
  [[10, 250], '25× the previous second'],
  [[0, 7], 'none in the previous second'],
  [[0, 0], 'none, same as the previous second'],
])('a second of %j packets: %s', (rates, words) => {
  const comparison = compare(past(...rates), { fromMs: 1_001_000, toMs: 1_002_000 });
  expect(comparison).not.toBeNull();
  if (comparison !== null) expect(changeText(comparison, 'packets')).toBe(words);
});

test('without data for one of the spans there is no comparison', () => {
  const known = past(5, 6);
  const first = compare(known, { fromMs: 1_000_000, toMs: 1_002_000 });
  expect(first).toMatchObject({ now: { packets: 11, bytes: 1100 }, before: null, lengthMs: 2000 });
  if (first !== null) expect(changeText(first, 'bytes')).toBe('');
  expect(compare(known, { fromMs: 1_001_000, toMs: 1_004_000 })).toBeNull();
});
