import { expect, it } from 'vitest';
import { overKey } from '../../ipc/counter-keys.ts';
import { RuleTotals } from './rule-totals.ts';

const count = (slot: number, packets: number) => ({ slot, packets, bytes: packets * 100, last_seen_ms: 5 });

it('reports each change once', () => {
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

it('reports by how much, without what another loader counted', () => {
  const totals = new RuleTotals();
  totals.resume(
    [{ id: 10, before: { packets: 0, bytes: 0 }, total: { packets: 5, bytes: 500 } }],
    new Map([
      [10, 1],
      [11, 2],
    ]),
  );
  totals.add([count(1, 7), count(2, 1)]);
  totals.add([count(1, 8)]);
  expect(totals.hits()).toEqual([
    { rule_id: 10, packets: 3, bytes: 300 },
    { rule_id: 11, packets: 1, bytes: 100 },
  ]);
  expect(totals.hits()).toEqual([]);
});

it('continues a rule’s count when it returns with another counter', () => {
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

it('ignores counters that belong to no rule', () => {
  const totals = new RuleTotals();
  totals.assign(new Map(), []);
  totals.add([count(1, 4)]);
  expect(totals.moved()).toEqual([]);
});

const slots = new Map([
  [10, 1],
  [11, 2],
]);

it('continues in another loader with counters that the kernel kept', () => {
  const first = new RuleTotals();
  first.assign(slots, [1, 2]);
  first.add([count(1, 5)]);
  first.assign(new Map([[10, 3]]), [3]);
  first.add([count(3, 2)]);
  const kept = first.kept([10]);
  // More was counted after that, but not read.
  const second = new RuleTotals();
  second.resume(kept, new Map([[10, 3]]));
  expect(second.of(10).packets).toBe(7);
  second.add([count(3, 6)]);
  expect(second.of(10).packets).toBe(11);
});

it('continues in another loader with new counters', () => {
  const first = new RuleTotals();
  first.assign(slots, [1, 2]);
  first.add([count(1, 5)]);
  const second = new RuleTotals();
  second.resume(first.kept([10, 11]), new Map());
  second.assign(slots, [1, 2]);
  second.add([count(1, 1), count(2, 1)]);
  expect([second.of(10).packets, second.of(11).packets]).toEqual([6, 1]);
});

it('of a limit are what it saw and what was over, which alone it decided', () => {
  const totals = new RuleTotals();
  const slots = new Map([
    [10, 1],
    [overKey(10), 2],
  ]);
  totals.assign(slots, [1, 2]);
  totals.add([count(1, 9), count(2, 4)]);
  const total = { packets: 9, bytes: 900, last_seen_ms: 5, over_packets: 4, over_bytes: 400 };
  expect(totals.of(10)).toEqual(total);
  expect(totals.moved()).toEqual([{ id: 10, ...total }]);
  expect(totals.hits()).toEqual([{ rule_id: 10, packets: 4, bytes: 400 }]);
  const next = new RuleTotals();
  next.resume(totals.kept([10]), slots);
  expect(next.of(10)).toEqual(total);
  next.keepOnly(new Set());
  expect(next.of(10)).toEqual({ packets: 0, bytes: 0 });
});
