import { COUNTERS, INTERFACE_SLOTS, REASON_COUNTERS } from '@packetlog/bpf';
import { describe, expect, it } from 'vitest';
import { InterfaceCounters } from './interface-counters.ts';

const CPUS = 3;

function memory() {
  const bytes = new Uint8Array(INTERFACE_SLOTS * CPUS * COUNTERS.size);
  const view = new DataView(bytes.buffer);
  const set = (slot: number, cpu: number, offset: number, value: bigint) =>
    view.setBigUint64((slot * CPUS + cpu) * COUNTERS.size + offset, value, true);
  return { bytes, set, counters: new InterfaceCounters(bytes, CPUS) };
}

const { reasons: REASONS_AT, ...FIELDS } = COUNTERS.fields;

describe('InterfaceCounters', () => {
  it.each(Object.entries(FIELDS))('sums %s over all CPUs of its slot alone', (field, offset) => {
    const { counters, set } = memory();
    for (let cpu = 0; cpu < CPUS; cpu++) {
      set(4, cpu, offset, BigInt(10 ** cpu));
      set(5, cpu, offset, 5000n);
      set(3, cpu, offset, 7000n);
    }
    expect(counters.read(4)).toEqual({
      ...Object.fromEntries(Object.keys(FIELDS).map((name) => [name, 0])),
      [field]: 111,
    });
  });

  it('is exact beyond 32 bits', () => {
    const { counters, set } = memory();
    for (let cpu = 0; cpu < CPUS; cpu++) set(63, cpu, FIELDS.bytes, 2n ** 50n + 1n);
    expect(counters.read(63).bytes).toBe(3 * 2 ** 50 + 3);
  });

  it('sums each reason', () => {
    const { counters, set } = memory();
    set(1, 0, REASONS_AT + 5 * 8, 4n);
    set(1, 2, REASONS_AT + 5 * 8, 6n);
    set(1, 1, REASONS_AT + 15 * 8, 1n);
    const reasons = counters.reasons(1);
    expect(reasons).toHaveLength(REASON_COUNTERS);
    expect([reasons[5], reasons[15]]).toEqual([10, 1]);
    expect(reasons.reduce((sum, count) => sum + count, 0)).toBe(11);
    expect(counters.reasons(2).every((count) => count === 0)).toBe(true);
  });
});
