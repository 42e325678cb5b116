import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filter, INTERFACES, nearRecord } from '../../../test/support/filter.arbitrary.ts';
import { SAMPLE } from '../../../test/support/packet-log.sample.ts';
import { PACKET_LOG_SIZE, type PacketLogFieldName } from '../../record/layout.ts';
import { encodePacketLog, type PacketLog } from '../../record/packet-log.ts';
import { columnsOf, type RecordColumns } from '../../segments/columns.ts';
import { compileFilter } from '../compile.ts';
import type { Filter } from '../filter.ts';
import { parseFilter } from '../parse.ts';
import { columnsOfFilter, compileColumnFilter } from './to-columns.ts';

const environment = { indexesOf: (name: string) => INTERFACES.get(name) ?? [] };

function encoded(records: readonly PacketLog[]): Uint8Array {
  const bytes = new Uint8Array(records.length * PACKET_LOG_SIZE);
  records.forEach((record, i) => {
    encodePacketLog(record, bytes, i * PACKET_LOG_SIZE);
  });
  return bytes;
}

function rowsByClosure(any: Filter, bytes: Uint8Array): number[] {
  const matches = compileFilter(any, environment);
  return Array.from({ length: bytes.length / PACKET_LOG_SIZE }, (_, i) =>
    matches(bytes, i * PACKET_LOG_SIZE) ? 1 : 0,
  );
}

/** Columns that note who reads them. */
function observed(columns: RecordColumns): { columns: RecordColumns; read: Set<string> } {
  const read = new Set<string>();
  const note = <Of extends object>(of: Of, prefix = ''): Of =>
    new Proxy(of, {
      get: (target, name) => {
        read.add(`${prefix}${String(name)}`);
        const value = Reflect.get(target, name, target) as unknown;
        return name === 'src_addr' || name === 'dst_addr' ? note(value as object, `${name}.`) : value;
      },
    });
  return { columns: note(columns), read };
}

const records = fc.array(nearRecord, { maxLength: 40 });
const tcp = columnsOf(encoded([SAMPLE]));

describe('a filter over columns', () => {
  it('matches the same records as a compiled filter, block after block', () => {
    const seen = { yes: 0, no: 0 };
    fc.assert(
      fc.property(filter, fc.array(records, { minLength: 1, maxLength: 4 }), (any, blocks) => {
        const columnFilter = compileColumnFilter(any, environment);
        for (const block of blocks) {
          const bytes = encoded(block);
          const expected = rowsByClosure(any, bytes);
          const { count, rows } = columnFilter.match(columnsOf(bytes));
          const found = [...rows.subarray(0, block.length)];
          if (found.join() !== expected.join()) expect({ any, block, found }).toEqual({ any, block, found: expected });
          expect(count).toBe(expected.reduce((sum, mark) => sum + mark, 0));
          seen.yes += count;
          seen.no += block.length - count;
        }
      }),
      { numRuns: 500 },
    );
    // About 2,000 to 4,000 match, by chance.
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(500);
  });

  it('looks at addresses alone, and then selects the same records', () => {
    const seen = { none: 0, narrowed: 0, matching: 0 };
    fc.assert(
      fc.property(filter, records, (any, block) => {
        const bytes = encoded(block);
        const { columns, read } = observed(columnsOf(bytes));
        const look = compileColumnFilter(any, environment).look(columns);
        expect([...read].filter((name) => !/^(src|dst)_addr(\.dictionary)?$/.test(name))).toEqual([]);
        const expected = rowsByClosure(any, bytes);
        const { isNone, sources } = look;
        const { src_addr } = columnsOf(bytes);
        const matching = expected.flatMap((mark, i) => (mark === 1 ? [src_addr.indexes[i] as number] : []));
        if (isNone) expect(matching).toEqual([]);
        if (sources !== undefined) for (const index of matching) expect(sources[index]).toBe(1);
        const { count, rows } = look.match(columns);
        expect([count, ...rows.subarray(0, block.length)]).toEqual([matching.length, ...expected]);
        if (isNone) seen.none++;
        if (sources?.subarray(0, src_addr.dictionary.length / 16).includes(0)) seen.narrowed++;
        seen.matching += matching.length;
      }),
      { numRuns: 500 },
    );
    expect(Math.min(seen.none, seen.narrowed, seen.matching)).toBeGreaterThan(3);
  });

  it('reads no columns but those that it names', () => {
    fc.assert(
      fc.property(filter, records, (any, block) => {
        const { columns, read } = observed(columnsOf(encoded(block)));
        compileColumnFilter(any, environment).match(columns);
        const named = columnsOfFilter(any, environment);
        const others = [...read].filter(
          (name) => name !== 'count' && !named.has(name.split('.')[0] as PacketLogFieldName),
        );
        expect(others).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it.each<[string, readonly PacketLogFieldName[]]>([
    ['', []],
    ['deny', ['action']],
    ['deny or would_deny', ['action', 'reason']],
    ['port 443', ['ip_protocol', 'src_port', 'dst_port']],
    ['tcp dst port 443', ['ip_protocol', 'dst_port']],
    ['dst port 0', ['ip_protocol', 'src_port', 'dst_port', 'tcp_flags', 'reason']],
    ['src net 192.0.2.0/24', ['src_addr', 'ether_type']],
    ['src 2001:db8::1', ['src_addr', 'ether_type']],
    ['src net ::/0', ['src_addr', 'dst_addr', 'ether_type', 'ip_protocol', 'reason']],
    ['iface nowhere', []],
    ['iface eth0 and flags syn', ['ifindex', 'ip_protocol', 'tcp_flags']],
  ])('%j needs the columns %j', (text, columns) => {
    const needed = columnsOfFilter(parseFilter(text), environment);
    expect([...needed].filter((name) => !columns.includes(name))).toEqual([]);
    // `net ::/0` contains every address, so it decides by the frame alone.
    const missing = columns.filter((name) => !needed.has(name));
    expect(missing).toEqual([]);
  });

  it('reads only the dictionary of a block that has none of the addresses', () => {
    const { columns, read } = observed(tcp);
    expect(compileColumnFilter(parseFilter('src net 198.51.100.0/24 and tcp')).match(columns).count).toBe(0);
    expect([...read].sort()).toEqual(['count', 'src_addr', 'src_addr.dictionary']);
  });

  it('stops at the first column that leaves no record', () => {
    const { columns, read } = observed(tcp);
    expect(compileColumnFilter(parseFilter('udp and rule 12')).match(columns).count).toBe(0);
    expect([...read].sort()).toEqual(['count', 'ip_protocol']);
  });

  it('names the column that a block lacks', () => {
    const { rule_id: _, ...columns } = tcp;
    expect(() => compileColumnFilter(parseFilter('rule 7')).match(columns)).toThrow(
      'The block lacks the column rule_id',
    );
  });
});
