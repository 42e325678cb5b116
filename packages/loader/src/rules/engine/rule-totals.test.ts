import { expect, it } from 'vitest';
import { RuleTotals } from './rule-totals.ts';

const count = (slot: number, packets: number) => ({ slot, packets, bytes: packets * 100, last_seen_ms: 5 });

it('tells what moved, once', () => {
  const totals = new RuleTotals();
  totals.assign(
    new Map([
      [10, 1],
      [11, 2],
    ]),
    [1, 2],
  );
  totals.add([count(2, 3)]);
  expect(totals.moved()).toEqual([{ id: 11, packets: 3, bytes: 300, last_seen_ms: 5 }]);
  expect(totals.moved()).toEqual([]);
  expect(totals.of(10)).toEqual({ packets: 0, bytes: 0 });
});

it('goes on where a rule was when it comes back with another counter', () => {
  const totals = new RuleTotals();
  totals.assign(new Map([[10, 1]]), [1]);
  totals.add([count(1, 4)]);
  totals.assign(new Map([[11, 1]]), [1]);
  totals.add([count(1, 1)]);
  totals.assign(
    new Map([
      [10, 2],
      [11, 1],
    ]),
    [2],
  );
  totals.add([count(2, 3), count(1, 2)]);
  expect(totals.of(10).packets).toBe(7);
  expect(totals.of(11).packets).toBe(2);
});

it('knows nothing of counters that belong to no rule', () => {
  const totals = new RuleTotals();
  totals.assign(new Map(), []);
  totals.add([count(1, 4)]);
  expect(totals.moved()).toEqual([]);
});
