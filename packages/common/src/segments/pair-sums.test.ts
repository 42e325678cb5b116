import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filter, INTERFACES, nearRecord } from '../../test/support/filter.arbitrary.ts';
import { compileColumnFilter } from '../filter/columns/to-columns.ts';
import { parseFilter } from '../filter/parse.ts';
import { PACKET_LOG_SIZE } from '../record/layout.ts';
import { encodePacketLog, type PacketLog } from '../record/packet-log.ts';
import { portsRead } from '../record/read-fields.ts';
import { columnsOf, type RecordColumns } from './columns.ts';
import {
  arePairFields,
  PAIR_FIELDS,
  PairColumns,
  type PairDictionaries,
  pairSumsOf,
  type WholePairSums,
} from './pair-sums.ts';
import type { PortSums } from './port-sums.ts';
import { SumsByKey, type Top } from './sums-by-key.ts';

const environment = { indexesOf: (name: string) => INTERFACES.get(name) ?? [] };
const MANY = 1000;
/** Records of which many differ only in some fields. */
const records = fc
  .tuple(fc.array(nearRecord, { minLength: 1, maxLength: 6 }), fc.array(fc.tuple(fc.nat(5), fc.nat(3), fc.nat(9))))
  .map(([some, repeats]) => [
    ...some,
    ...repeats.map(([i, weight, length]) => ({ ...(some[i % some.length] as PacketLog), weight, length })),
  ]);

function block(of: readonly PacketLog[]): RecordColumns {
  const bytes = new Uint8Array(of.length * PACKET_LOG_SIZE);
  of.forEach((each, i) => {
    encodePacketLog(each, bytes, i * PACKET_LOG_SIZE);
  });
  return columnsOf(bytes);
}

function pairsOf(columns: RecordColumns): PairColumns {
  const sums = pairSumsOf(columns, MANY);
  if (sums === undefined) throw new Error('too many pairs');
  return new PairColumns(sums, dictionariesOf(columns));
}

function dictionariesOf(columns: Pick<RecordColumns, 'src_addr' | 'dst_addr'>): PairDictionaries {
  return {
    size: (field) => columns[field].dictionary.length / 16,
    read: (field) => columns[field].dictionary,
  };
}

/** Without regard to the order of equal sums. */
function sortedTop({ entries, ...rest }: Top) {
  return { ...rest, entries: entries.map((each) => JSON.stringify(each)).sort() };
}

describe('sums by pair', () => {
  it('give the same sums by each of their fields as the records, of all and of those that a filter selects', () => {
    let filtered = 0;
    fc.assert(
      fc.property(fc.option(filter), records, (any, of) => {
        const columns = block(of);
        const pairs = pairsOf(columns);
        const matcher = any === null ? undefined : compileColumnFilter(any, environment);
        if (matcher !== undefined && !arePairFields(matcher.columns)) return;
        for (const field of PAIR_FIELDS) {
          const [byRecords, byPairs] = [new SumsByKey(field), new SumsByKey(field)];
          byRecords.add(columns, matcher?.match(columns).rows.slice());
          byPairs.addPairs(pairs, matcher?.match(pairs).rows.slice());
          expect(sortedTop(byPairs.top(MANY))).toEqual(sortedTop(byRecords.top(MANY)));
          if (matcher !== undefined) filtered++;
        }
      }),
      { numRuns: 500 },
    );
    expect(filtered).toBeGreaterThan(100);
  });

  it('give the same sums if only the entries of the sources that pass a filter are kept', () => {
    let narrowed = 0;
    fc.assert(
      fc.property(filter, records, (any, of) => {
        const matcher = compileColumnFilter(any, environment);
        if (!arePairFields(matcher.columns)) return;
        const columns = block(of);
        const pairs = pairsOf(columns);
        const { sources, match } = matcher.look(pairs);
        if (sources === undefined) return;
        const some = pairs.ofSources(sources);
        const [byRecords, byPairs] = [new SumsByKey('dst_addr'), new SumsByKey('dst_addr')];
        byPairs.addPairs(some, match(some).rows.slice());
        byRecords.add(columns, matcher.match(columns).rows.slice());
        expect(sortedTop(byPairs.top(MANY))).toEqual(sortedTop(byRecords.top(MANY)));
        if (some.count < pairs.count) narrowed++;
      }),
      { numRuns: 1000 },
    );
    expect(narrowed).toBeGreaterThan(3);
  });

  it('have the sums by protocol and port of the packets with ports', () => {
    let seen = 0;
    fc.assert(
      fc.property(records, (of) => {
        const columns = block(of);
        const expected = new Map<number, number[]>();
        for (const each of of) {
          if (!portsRead(each)) continue;
          const service = each.ip_protocol * 0x1_0000 + each.dst_port;
          const [packets = 0, bytes = 0, number = 0] = expected.get(service) ?? [];
          expected.set(service, [packets + each.weight, bytes + each.weight * each.length, number + 1]);
        }
        const {
          services,
          packets,
          bytes,
          records: number,
        } = (pairSumsOf(columns, MANY, MANY) as WholePairSums).ports as PortSums;
        const found = [...services].map((service, i) => [service, [packets[i], bytes[i], number[i]]]);
        expect(found).toEqual([...expected].sort(([one], [other]) => one - other));
        if (expected.size > 0) expect(pairSumsOf(columns, MANY, expected.size - 1)?.ports).toBeUndefined();
        seen += expected.size;
      }),
      { numRuns: 300 },
    );
    expect(seen).toBeGreaterThan(50);
  });

  it('are one entry for records that differ in other fields', () => {
    const [one] = fc.sample(nearRecord, { numRuns: 1, seed: 1 }) as [PacketLog];
    const other = { ...one, length: 1000, weight: 3, src_port: 1, dst_port: 2, timestamp_ns: 5n, reason: 0 };
    const { count, packets, records: number } = pairsOf(block([one, other, { ...one, rule_id: one.rule_id + 1 }]));
    expect(count).toBe(2);
    expect([packets[0], number[0]]).toEqual([one.weight + 3, 2]);
  });

  it('are not made if there would be too many', () => {
    const of = fc.sample(nearRecord, { numRuns: 4, seed: 1 }).map((each, i) => ({ ...each, rule_id: i }));
    expect(pairSumsOf(block(of), 3)).toBeUndefined();
    expect(pairSumsOf(block(of), 4)?.count).toBe(4);
  });

  it.each(['src_addr', 'dst_addr'] as const)('cannot be read with a shorter dictionary: %s', (field) => {
    const columns = block(fc.sample(nearRecord, { numRuns: 20, seed: 1 }));
    const sums = pairSumsOf(columns, MANY) as WholePairSums;
    const { dictionary, indexes } = columns[field];
    const shorter = { ...columns, [field]: { dictionary: dictionary.subarray(16), indexes } };
    expect(() => new PairColumns(sums, dictionariesOf(shorter))).toThrow(RangeError);
  });

  it('have no sums of bytes that were not read', () => {
    const columns = block(fc.sample(nearRecord, { numRuns: 2, seed: 1 }));
    const sums = { ...(pairSumsOf(columns, MANY) as WholePairSums), bytes: undefined };
    const pairs = new PairColumns(sums, dictionariesOf(columns));
    expect(() => new SumsByKey('src_addr').addPairs(pairs)).toThrow(TypeError);
  });

  it('have no sums by other fields', () => {
    const pairs = pairsOf(block(fc.sample(nearRecord, { numRuns: 2, seed: 1 })));
    for (const key of ['dst_port', ['src_addr', 'dst_port']] as const) {
      expect(new SumsByKey(key).isOfPairs).toBe(false);
      expect(() => new SumsByKey(key).addPairs(pairs)).toThrow(TypeError);
    }
  });

  it.each([
    ['deny and src net 192.0.2.0/24', true],
    ['udp or rule 7', true],
    ['tcp port 22', false],
    ['len > 100', false],
  ])('can answer the filter %s: %s', (text, can) => {
    expect(arePairFields(compileColumnFilter(parseFilter(text)).columns)).toBe(can);
  });
});
