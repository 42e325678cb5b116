import { expect, test } from 'vitest';
import { steppedRange, widerRange } from './range-step.ts';

const range = { fromMs: 1000, toMs: 1500 };

test('a step shows the time before or after', () => {
  expect(steppedRange(range, -1, 5000)).toEqual({ fromMs: 500, toMs: 1000 });
  expect(steppedRange(range, 1, 5000)).toEqual({ fromMs: 1500, toMs: 2000 });
  expect(steppedRange(range, 1, 1700)).toEqual({ fromMs: 1200, toMs: 1700 });
  expect(steppedRange(range, 1, 1500)).toBeNull();
});

test('zooming out keeps the middle, and ends now', () => {
  expect(widerRange(range, 5000)).toEqual({ fromMs: 500, toMs: 2000 });
  expect(widerRange(range, 1600)).toEqual({ fromMs: 100, toMs: 1600 });
});
