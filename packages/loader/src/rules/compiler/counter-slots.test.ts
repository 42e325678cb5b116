import { describe, expect, it } from 'vitest';
import { assignCounterSlots } from './counter-slots.ts';

describe('slots of the counters', () => {
  it('are kept by rules that stay while others are added and removed', () => {
    const first = assignCounterSlots([10, 20, 30], new Map(), 8);
    expect([...first]).toEqual([
      [10, 1],
      [20, 2],
      [30, 3],
    ]);
    expect(assignCounterSlots([40, 30, 10], first, 8)).toEqual(
      new Map([
        [10, 1],
        [30, 3],
        [40, 4],
      ]),
    );
  });

  it('of a removed rule are not reused while old images may still count there', () => {
    expect(assignCounterSlots([2], new Map([[1, 1]]), 8)).toEqual(new Map([[2, 2]]));
  });

  it('of a removed rule are reused when no others are left', () => {
    expect(
      assignCounterSlots(
        [2, 3],
        new Map([
          [1, 1],
          [9, 2],
        ]),
        3,
      ),
    ).toEqual(
      new Map([
        [2, 1],
        [3, 2],
      ]),
    );
    expect(
      assignCounterSlots(
        [1, 3],
        new Map([
          [1, 1],
          [9, 2],
        ]),
        3,
      ),
    ).toEqual(
      new Map([
        [1, 1],
        [3, 2],
      ]),
    );
  });

  it('beyond a smaller limit are reassigned', () => {
    expect(assignCounterSlots([1], new Map([[1, 7]]), 3)).toEqual(new Map([[1, 1]]));
  });

  it('are never shared by two rules', () => {
    const previous = new Map(Array.from({ length: 50 }, (_, i) => [i, i + 1]));
    const ids = Array.from({ length: 60 }, (_, i) => 30 + i);
    const slots = assignCounterSlots(ids, previous, 61);
    expect(new Set(slots.values()).size).toBe(60);
    expect(Math.max(...slots.values())).toBeLessThan(61);
    for (let id = 30; id < 50; id++) expect(slots.get(id)).toBe(id + 1);
  });

  it('run out with an error that contains their number', () => {
    expect(() => assignCounterSlots([1, 2, 3], new Map(), 3)).toThrow(/3 rules are more than the 2 counters: put/);
  });
});
