import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeIndex, MAX_INDEX_BYTES, parseFilter } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import {
  all,
  asked,
  bytesOf,
  damage,
  directory,
  FILTERS,
  groupsOf,
  keys,
  objects,
  PER_SEGMENT,
  packetsOf,
  SECOND,
  said,
  selected,
  T,
  useRecordedTraffic,
} from '../../../test/support/query-fixture.ts';
import { EXIT } from '../../errors/exit-codes.ts';
import { sourceNetwork } from '../../past/answers/source-network.ts';
import { PastBlocks } from '../../past/reading/past-blocks.ts';
import { InterfaceHistory } from '../../recorder/format/index.ts';
import { topByStep } from './top-by-step.ts';
import { topOption } from './top-names.ts';

useRecordedTraffic();

describe('query --top --by', () => {
  it.each(Object.keys(keys).flatMap((name) => FILTERS.map((filter) => [name, filter] as const)))(
    'by %s has a row for each step and value, and the others of the step: %s',
    async (name, filterText) => {
      const filter = filterText === undefined ? undefined : parseFilter(filterText);
      const question = { kind: 'top-by', top: topOption(name), limit: 3, step: 'second' } as const;
      const { code, text: lines } = await asked({ filter, question });
      const groups = groupsOf(name, selected(filterText));
      const inRange = (key: string) => packetsOf(groups.get(key) ?? []);
      const rows = objects(lines);
      const keyOf = ({ timestamp_ns: _, packets: _p, bytes: _b, ...key }: (typeof rows)[number]) => JSON.stringify(key);
      const listed = new Set(rows.map(keyOf).filter((key) => !key.includes('"others"')));
      const sums = [...groups.keys()].map(inRange).sort((one, other) => other - one);
      const ranked = [...listed].sort((one, other) => inRange(other) - inRange(one));
      expect(ranked.map(inRange)).toEqual(sums.slice(0, 3));

      const expected = new Map<string, { packets: number; bytes: number }>();
      for (const [key, records] of groups) {
        for (const { timestamp_ns, weight, length } of records) {
          const start = timestamp_ns - (timestamp_ns % SECOND);
          const row = `${start} ${listed.has(key) ? key : 'others'}`;
          const { packets = 0, bytes = 0 } = expected.get(row) ?? {};
          expected.set(row, { packets: packets + weight, bytes: bytes + weight * length });
        }
      }
      const rowOf = (row: (typeof rows)[number]) => (listed.has(keyOf(row)) ? keyOf(row) : 'others');
      const found = rows.map((row) => [`${row['timestamp_ns']} ${rowOf(row)}`, row['packets'], row['bytes']]);
      expect(new Map(found.map(([row, packets, bytes]) => [row, { packets, bytes }]))).toEqual(expected);
      expect(found).toHaveLength(expected.size);
      // By time; in a step by rank, the others last.
      const order = rows.map((row) => [Number(BigInt(row['timestamp_ns'] ?? 0) / SECOND), -(inRange(rowOf(row)) || 0)]);
      expect(order).toEqual(
        [...order].sort(([oneTime = 0, one = 0], [otherTime = 0, other = 0]) => oneTime - otherTime || one - other),
      );
      expect(code).toBe(EXIT.ok);
      expect(said).toContain(`${name}: ${groups.size.toLocaleString('en-US')} distinct\n`);
      expect(said).toContain(`UTC: ${packetsOf([...groups.values()].flat()).toLocaleString('en-US')} packet`);
    },
  );

  const byAction = { kind: 'top-by', top: topOption('action'), limit: 1, step: 'hour' } as const;

  it('is a table and CSV, too', async () => {
    const [permits, others] = [selected('permit'), selected('not permit')];
    const table = (await asked({ question: byAction, format: 'table' })).text.split('\n');
    expect(table[0]).toMatch(/^time \(UTC\) +action +packets +bytes$/);
    expect(table[1]).toMatch(/^2023-11-14 22:00:00 {2}permit +[\d,]+ +[\d,]+$/);
    expect(table[2]).toContain(`others  ${packetsOf(others).toLocaleString('en-US').padStart(7)}`);
    const csv = (await asked({ question: byAction, format: 'csv' })).text.split('\n');
    expect(csv).toEqual([
      'timestamp_ns,action,packets,bytes',
      `${T - (T % (3600n * SECOND))},permit,${packetsOf(permits)},${bytesOf(permits)}`,
      `${T - (T % (3600n * SECOND))},others,${packetsOf(others)},${bytesOf(others)}`,
      '',
    ]);
  });

  it('leaves out a segment whose times are damaged, and names it once', async () => {
    const bytes = readFileSync(join(directory, '00000003.native.zst'));
    const { frames } = decodeIndex(bytes.subarray(-MAX_INDEX_BYTES), bytes.length);
    damage('00000003.native.zst', frames.find(({ column }) => column === 'timestamp_ns')?.offset ?? 0);
    const { code, text: lines } = await asked({ question: { ...byAction, top: topOption('source'), limit: 2 } });
    expect(code).toBe(EXIT.failed);
    expect(said).toContain('  1 damaged segment skipped;');
    expect(said.match(/timestamp_ns at byte/g)).toHaveLength(1);
    const inThird = new Set(all.slice(2 * PER_SEGMENT, 3 * PER_SEGMENT));
    const groups = groupsOf(
      'source',
      selected(undefined).filter((record) => !inThird.has(record)),
    );
    const rows = objects(lines);
    expect(rows).toHaveLength(3);
    for (const { src_addr, packets } of rows.slice(0, 2)) {
      expect(packets).toBe(packetsOf(groups.get(JSON.stringify({ src_addr })) ?? []));
    }
    const total = rows.reduce((sum, { packets }) => sum + Number(packets), 0);
    expect(total).toBe(packetsOf([...groups.values()].flat()));
  });

  it('adds up the sources of each group by time', async () => {
    const networkOf = (address: string) =>
      address.includes(':') ? sourceNetwork(address) : `${address.split('.').slice(0, 3).join('.')}.0/24`;
    const question = { kind: 'top-by', top: topOption('source-network'), limit: 5, step: 'minute' } as const;
    const rows = objects((await asked({ question })).text);
    const listed = new Set(rows.map(({ network }) => network));
    const expected = new Map<string, number>();
    for (const { timestamp_ns, src_addr, weight } of selected(undefined)) {
      const network = networkOf(src_addr);
      const row = `${timestamp_ns - (timestamp_ns % (60n * SECOND))} ${listed.has(network) ? network : 'others'}`;
      expected.set(row, (expected.get(row) ?? 0) + weight);
    }
    const found = rows.map(({ timestamp_ns, network, packets }) => [`${timestamp_ns} ${network}`, packets] as const);
    expect(new Map(found)).toEqual(expected);
    expect(listed.size).toBe(6);
  });

  it('lists exact rows only if not all fit, and says how many packets are in further ones', () => {
    const range = { fromNs: undefined, toNs: undefined };
    const ask = (maxRows?: number) => {
      const blocks = () => new PastBlocks(directory, new InterfaceHistory([]));
      const passes = { first: blocks(), second: blocks() };
      const given = { kind: topOption('source'), limit: 4, step: 'second' } as const;
      return topByStep(passes, { range, filter: undefined }, given, maxRows);
    };
    const whole = ask();
    expect(whole.unlisted.records).toBe(0);
    const part = ask(7);
    expect(part.rows).toHaveLength(7);
    expect(whole.rows).toEqual(expect.arrayContaining([...part.rows]));
    expect(part.total).toEqual(whole.total);
    const listed = part.rows.reduce((sum, { packets }) => sum + packets, 0);
    expect(listed + part.unlisted.packets).toBe(packetsOf(all));
  });
});
