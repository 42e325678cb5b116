import { RULE_LIMIT } from '@packetlog/bpf';
import { limitNumbers, type Rule, ruleSchema } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { compileRules } from './compile.ts';
import { limitTimes } from './limit-lines.ts';

const limit = (id: number, more: Partial<Rule> = {}): Rule =>
  ruleSchema.parse({
    ...{ id, action: 'limit', source: 'any', rate: '20/min', reason: '', created_by: 'test' },
    created_at: '2030-01-01T00:00:00Z',
    ...more,
  });
const compile = (rules: readonly Rule[]) =>
  compileRules({
    rules,
    defaultPolicy: 'permit',
    sets: new Map(),
    interfaceSlots: new Map(),
    counters: { limit: 256, previous: new Map() },
  });

describe('the times of a limit', () => {
  const costOf = (rate: string, measure: 'packets' | 'bytes' = 'packets') =>
    Number(limitTimes(limitNumbers({ rate, measure })).cost) / 2 ** RULE_LIMIT.cost_shift;

  it('are those of its rate, to a millionth, in favour of the sender', () => {
    for (const [rate, ns] of [
      ['20/min', 3e9],
      ['3/s', 1e9 / 3],
      ['1/h', 3.6e12],
      ['1M/s', 1000],
    ] as const) {
      expect(costOf(rate)).toBeLessThanOrEqual(ns);
      expect(costOf(rate)).toBeGreaterThan(ns * (1 - 1e-6));
    }
    expect(costOf('10M/s', 'bytes')).toBeCloseTo(100, 4);
  });

  it('let the burst pass: its packets cost no more than its time', () => {
    for (const rate of ['1/s', '3/s', '7/min', '999999/h', '1G/s']) {
      const numbers = limitNumbers({ rate });
      const { cost, burstNs } = limitTimes(numbers);
      expect(BigInt(numbers.burst) * (cost >> BigInt(RULE_LIMIT.cost_shift)) <= burstNs + 1n).toBe(true);
    }
  });

  it('fit into 64 bits with the largest frame, and into cells', () => {
    const slow = limitTimes(limitNumbers({ rate: '1000/h', measure: 'bytes', burst: 1e11 }));
    expect(slow.cost * 65_535n < 2n ** 64n).toBe(true);
    for (const rate of ['1/s', '1/h', '1G/s']) {
      const { burstNs, cellShift } = limitTimes(limitNumbers({ rate }));
      expect((burstNs + burstNs / 2n) >> BigInt(cellShift)).toBeLessThan(2n ** 24n);
    }
  });
});

describe('limits', () => {
  it('have a counter for what they see, and one for what is over', () => {
    const { counterSlots } = compile([limit(5)]);
    expect([...counterSlots.keys()]).toEqual([5, 2 ** 32 + 5]);
    expect(new Set(counterSlots.values()).size).toBe(2);
  });

  it('may be 64', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => limit(i + 1, { source: `192.0.2.${i}` }));
    expect(() => compile(many(64))).not.toThrow();
    expect(() => compile(many(65))).toThrow('There are more than 64 limits');
  });

  it('of nested sources are at most four', () => {
    const nested = (count: number) =>
      Array.from({ length: count }, (_, i) => limit(i + 1, { source: `10.0.0.0/${8 + i}` }));
    expect(() => compile(nested(4))).not.toThrow();
    expect(() => compile(nested(5))).toThrow('More than 4 limits match the same packets: rules 5, 4, 3, 2, 1.');
    expect(() => compile([...nested(4), limit(9, { protocol: 'tcp' })])).toThrow('rules 4, 3, 2, 1, 9');
  });
});
