import { HISTORY_COLUMNS } from '@packetlog/common';
import { expect, test } from 'vitest';
import type { Sums } from '../../node/past/past-level.ts';
import { brushed, comparisonText, zoomText } from './range-text.ts';

const sums = (over: Partial<Sums>): Sums =>
  ({ ...Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, 0])), ...over }) as Sums;
const at = (minute: number) => new Date(2026, 0, 2, 14, minute, 5).getTime();
const span = { fromMs: at(3), toMs: at(4) };

test('a range is described in whole numbers, with denied packets if there were any', () => {
  const now = sums({ packets: 1233.9, bytes: 96_100, denied: 30, aborted: 3 });
  expect(zoomText(span, { now, before: null, lengthMs: 60_000, than: 'the previous minute' })).toBe(
    '14:03:05 to 14:04:05: 1,234 packets, 96.1\u00a0kB, 33 denied; no complete data for the previous minute',
  );
  expect(
    zoomText(span, {
      now: sums({ packets: 1, bytes: 60 }),
      before: null,
      lengthMs: 60_000,
      than: 'the previous minute',
    }),
  ).toBe('14:03:05 to 14:04:05: 1 packet, 60\u00a0B; no complete data for the previous minute');
  expect(zoomText(span, null)).toBe('14:03:05 to 14:04:05, data incomplete');
});

test('the range is compared with the preceding range, if it has data', () => {
  const now = sums({ packets: 138 });
  expect(
    comparisonText({ now, before: sums({ packets: 100 }), lengthMs: 900_000, than: 'the previous 15 min' }, 'packets'),
  ).toBe('+38 % vs the previous 15 min (dashed)');
  expect(comparisonText({ now, before: null, lengthMs: 900_000, than: 'the previous 15 min' }, 'packets')).toBe(
    'no complete data for the previous 15 min',
  );
  expect(comparisonText(null, 'packets')).toBe('');
});

test.each([
  [10.2, 15.7, { fromMs: 10_000, toMs: 16_000 }],
  [10.2, 10.4, { fromMs: 10_000, toMs: 12_000 }],
  [55.5, 70, { fromMs: 55_000, toMs: 59_000 }],
  [1, 12, { fromMs: 5000, toMs: 12_000 }],
  [61, 65, { fromMs: 57_000, toMs: 59_000 }],
])('a selection from %d s to %d s is widened to whole seconds', (from, to, look) => {
  expect(brushed(from, to, 1000, { fromMs: 4200, toMs: 59_800 })).toEqual(look);
});
