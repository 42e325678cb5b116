import { RULE_COUNTER } from '@packetlog/bpf';
import { describe, expect, it } from 'vitest';
import { RuleCounters, ruleCounterSlots } from './rule-counters.ts';

const CPUS = 3;
const SLOTS = 8;

function counters() {
  const memory = new Uint8Array(SLOTS * CPUS * RULE_COUNTER.size);
  const view = new DataView(memory.buffer);
  const count = (slot: number, cpu: number, packets: bigint, bytes: bigint, seen: bigint) => {
    const at = (slot * CPUS + cpu) * RULE_COUNTER.size;
    view.setBigUint64(at + RULE_COUNTER.fields.packets, packets, true);
    view.setBigUint64(at + RULE_COUNTER.fields.bytes, bytes, true);
    view.setBigUint64(at + RULE_COUNTER.fields.last_seen_wall_ns, seen, true);
  };
  return { count, counters: new RuleCounters(memory, CPUS) };
}

describe('the counter of a rule', () => {
  it('is the sum over CPUs, with the time of the CPU that matched last', () => {
    const { count, counters: rules } = counters();
    count(2, 0, 5n, 300n, 1_700_000_000_123_900_000n);
    count(2, 2, 1n << 33n, 1n << 40n, 1_700_000_000_122_000_000n);
    expect(rules.read(2)).toEqual({
      slot: 2,
      packets: 5 + 2 ** 33,
      bytes: 300 + 2 ** 40,
      last_seen_ms: 1_700_000_000_123,
    });
  });

  it('is reported once after it changed on any CPU', () => {
    const { count, counters: rules } = counters();
    expect(rules.changed()).toEqual([]);
    count(1, 2, 1n, 60n, 1_000_000n);
    count(7, 0, 2n, 120n, 2_000_000n);
    expect(rules.changed().map(({ slot }) => slot)).toEqual([1, 7]);
    expect(rules.changed()).toEqual([]);
    count(7, 1, 1n, 60n, 3_000_000n);
    expect(rules.changed()).toEqual([{ slot: 7, packets: 3, bytes: 180, last_seen_ms: 3 }]);
  });

  it('starts at zero when a new rule gets its slot; the neighbours keep theirs', () => {
    const { count, counters: rules } = counters();
    for (const slot of [3, 4, 5]) count(slot, 1, 9n, 9n, 9_000_000n);
    rules.changed();
    rules.zero([4]);
    expect([3, 4, 5].map((slot) => rules.read(slot).packets)).toEqual([9, 0, 9]);
    expect(rules.changed()).toEqual([]);
    count(4, 1, 9n, 9n, 9_000_000n);
    expect(rules.changed().map(({ slot }) => slot)).toEqual([4]);
  });
});

describe('how many rules can have counters', () => {
  it.each([
    [24e9, 2, 16_384],
    [1e9, 4, 16_384],
    [4e9, 128, 2048],
    [128e6, 64, 256],
  ])('with %d bytes of memory and %d CPUs: %d', (memory, cpus, slots) => {
    expect(ruleCounterSlots(memory, cpus)).toBe(slots);
  });
});
