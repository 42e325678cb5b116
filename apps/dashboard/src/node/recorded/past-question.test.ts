import { describe, expect, it } from 'vitest';
import { againAfter, requestOf, selectionKey } from './past-question.ts';

const now = 1_800_000_000_000.25;
const range = { fromMs: now - 60_000.25, toMs: now - 30_000.25 };

describe('a question about the past', () => {
  it('names range and filter', () => {
    expect(requestOf({ range, lastMs: 0, filter: 'tcp' }, now)).toEqual({
      from_ms: range.fromMs,
      to_ms: range.toMs,
      filter: 'tcp',
    });
    expect(requestOf({ range: null, lastMs: 1000, filter: '' }, now, 500)).toEqual({
      from_ms: 1_799_999_998_500,
      to_ms: 1_799_999_999_500,
    });
  });

  it('is asked again while the time up to now is shown, or while packets of the range may not be on the disk', () => {
    expect(againAfter({ range, lastMs: 0, filter: '' }, now)).toBeNull();
    expect(againAfter({ range: { ...range, toMs: now - 10 }, lastMs: 0, filter: '' }, now)).toBe(2000);
    expect(againAfter({ range: null, lastMs: 60_000, filter: '' }, now)).toBe(2000);
    expect(againAfter({ range: null, lastMs: 60_000, filter: '' }, now, 1000)).toBe(1000);
    expect(againAfter({ range: null, lastMs: 7 * 86_400_000, filter: '' }, now)).toBe(60_000);
  });

  it('has a key that differs for what differs', () => {
    const keys = [
      { range, lastMs: 0, filter: '' },
      { range, lastMs: 0, filter: 'tcp' },
      { range: null, lastMs: 60_000, filter: '' },
      { range: null, lastMs: 900_000, filter: '' },
    ].map(selectionKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
