import { describe, expect, it } from 'vitest';
import { ClientTotals } from './client-sums.ts';

describe('the sums over all clients', () => {
  it('include clients that have left, whose pending records were withheld, and never go down', () => {
    const totals = new ClientTotals();
    const first = { offered: 10, delivered: 5, dropped: 2, withheld: 1, pending: 2, filtered: 4 };
    const second = { offered: 1, delivered: 1, dropped: 0, withheld: 0, pending: 0, filtered: 0 };
    expect(totals.with([first, second])).toEqual({ ...first, offered: 11, delivered: 6 });
    totals.left(first);
    expect(totals.with([second])).toEqual({
      offered: 11,
      delivered: 6,
      dropped: 2,
      withheld: 3,
      pending: 0,
      filtered: 4,
    });
  });
});
