import { ACTIONS, compileFilter, type PacketLog, parseFilter } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryOf, packet, RECORD_OFFSET, STRIDE, times } from '../../test/support/records.ts';
import { FilterSums } from './filter-sums.ts';

const START = 1_800_000_000_000;
const NOTHING_MISSED = { lost: 0, not_recorded: 0 };

function sumsOf(filter: string): FilterSums {
  const sums = new FilterSums({ stride: STRIDE, recordOffset: RECORD_OFFSET }, START);
  sums.setFilter(compileFilter(parseFilter(filter)));
  return sums;
}

function columns(sums: FilterSums) {
  const { columns, total } = sums.history.rates(0, 8e15);
  const all = Object.fromEntries(Object.entries(columns).map(([name, of]) => [name, of.reduce((a, b) => a + b, 0)]));
  return { ...all, records: total.records };
}

const record = fc.record({
  dst_port: fc.constantFrom(22, 53, 443),
  ip_protocol: fc.constantFrom(6, 17, 1),
  length: fc.integer({ min: 60, max: 1500 }),
  weight: fc.integer({ min: 1, max: 300 }),
  action: fc.constantFrom(...Object.values(ACTIONS)),
  src_addr: fc.constantFrom('192.0.2.1', '192.0.2.7', '198.51.100.1'),
  rule_id: fc.nat(3),
});

describe('the sums of a filter', () => {
  it('are those of exactly the records that match, with their weight', () => {
    fc.assert(
      fc.property(fc.array(fc.array(record, { maxLength: 40 }), { maxLength: 5 }), (batches) => {
        const sums = sumsOf('tcp dst port (22 or 443) or src host 198.51.100.1');
        for (const batch of batches) {
          const all = batch.map((more) => ({ ...packet, ...more }));
          sums.add(memoryOf(all), all.length);
        }
        sums.close(START + 1000, 1000, NOTHING_MISSED);
        const wanted = batches
          .flat()
          .filter(
            ({ ip_protocol, dst_port, src_addr }) =>
              (ip_protocol === 6 && dst_port !== 53) || src_addr === '198.51.100.1',
          );
        const packets = (of: typeof wanted) => of.reduce((sum, { weight }) => sum + weight, 0);
        const bytes = (of: typeof wanted) => of.reduce((sum, { weight, length }) => sum + weight * length, 0);
        const by = (action: number) => wanted.filter((each) => each.action === action);
        const proto = (ip_protocol: number) => wanted.filter((each) => each.ip_protocol === ip_protocol);
        expect(columns(sums)).toMatchObject({
          packets: packets(wanted),
          bytes: bytes(wanted),
          permitted: packets(by(ACTIONS.permit)),
          denied: packets(by(ACTIONS.deny)),
          aborted: packets(by(ACTIONS.aborted)),
          denied_bytes: bytes(by(ACTIONS.deny)),
          tcp: packets(proto(6)),
          udp_bytes: bytes(proto(17)),
          icmp: packets(proto(1)),
          lost: 0,
          records: wanted.length,
        });
        const { sources, rules, ports } = sums.history.top(0, 8e15);
        for (const { addr, ...volume } of sources) {
          const own = wanted.filter((each) => each.src_addr === addr);
          expect(volume).toMatchObject({ packets: packets(own), bytes: bytes(own) });
        }
        expect(sources.reduce((sum, each) => sum + each.packets, 0)).toBe(packets(wanted));
        for (const { rule_id, ...volume } of rules) {
          const own = wanted.filter((each) => each.rule_id === rule_id);
          expect(volume).toMatchObject({ packets: packets(own), bytes: bytes(own) });
        }
        expect(rules.map(({ rule_id }) => rule_id)).not.toContain(0);
        expect(ports.reduce((sum, each) => sum + each.packets, 0)).toBe(
          packets(wanted.filter(({ ip_protocol }) => ip_protocol !== 1)),
        );
      }),
    );
  });

  it('begin each interval at zero, and combine one that is too short with the next', () => {
    const sums = sumsOf('tcp');
    const add = (records: readonly PacketLog[]) => sums.add(memoryOf(records), records.length);
    add(times(5));
    sums.close(START + 50, 1000, { lost: 1, not_recorded: 0 });
    expect(columns(sums)).toMatchObject({ packets: 0 });
    add(times(2));
    sums.close(START + 1050, 1000, { lost: 2, not_recorded: 4 });
    // A late report does not begin the sums again.
    add(times(1));
    sums.close(START + 900, 1000, NOTHING_MISSED);
    add(times(3));
    sums.close(START + 2050, 1000, NOTHING_MISSED);
    sums.close(START + 3050, 1000, NOTHING_MISSED);
    expect(columns(sums)).toMatchObject({ packets: 11, lost: 3, records: 11 });
    const { since_ms, total } = sums.history.rates(0, 8e15);
    expect(since_ms).toBe(START);
    expect(total.missing.map(({ kind, count }) => [kind, count])).toEqual([
      ['lost', 3],
      ['not_recorded', 4],
    ]);
  });

  it('count what was not checked', () => {
    const sums = sumsOf('tcp');
    sums.withhold(7);
    sums.close(START + 1000, 1000, NOTHING_MISSED);
    expect(sums.history.rates(0, 8e15).total.missing).toMatchObject([
      { kind: 'unchecked', count: 7, message: expect.stringContaining('Not checked: 7 records') },
    ]);
    // The chart marks their time.
    expect(columns(sums)).toMatchObject({ packets: 0, lost: 7 });
  });

  it('list at most the busiest rules of a second, of any number', () => {
    const sums = sumsOf('tcp');
    const records = Array.from({ length: 3000 }, (_, i) => ({ ...packet, rule_id: i + 1 }));
    sums.add(memoryOf([...records, ...times(9, { rule_id: 5 })]), 3009);
    sums.close(START + 1000, 1000, NOTHING_MISSED);
    const { rules } = sums.history.top(0, 8e15);
    expect(rules[0]).toMatchObject({ rule_id: 5, packets: 10 });
    expect(rules).toHaveLength(10);
  });
});
