import { describe, expect, it } from 'vitest';
import { spansFor } from './spans.ts';

const HOUR = 3_600_000;

describe('spansFor', () => {
  it.each([
    [0, '60 s, 15 min, 6 h'],
    [5 * HOUR, '60 s, 15 min, 6 h'],
    [7 * HOUR, '60 s, 15 min, 6 h, 24 h, all'],
    [24 * HOUR + 1, '60 s, 15 min, 6 h, 24 h, 7 d, all'],
    [400 * 24 * HOUR, '60 s, 15 min, 6 h, 24 h, 7 d, all'],
  ])('recorded for %d ms', (recordedMs, ids) => {
    expect(
      spansFor(recordedMs)
        .map(({ id }) => id)
        .join(', '),
    ).toBe(ids);
  });

  it('goes back to the oldest packet', () => {
    expect(spansFor(10 * HOUR).at(-1)).toEqual({ id: 'all', ms: 10 * HOUR, isRecorded: true });
  });
});
