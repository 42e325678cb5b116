import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeIndex, MAX_INDEX_BYTES, type PacketLog, parseFilter } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { mmdb } from '../../../test/support/fake-mmdb.ts';
import { GeneratedTraffic } from '../../../test/support/generated-traffic.ts';
import {
  all,
  asked,
  bytesOf,
  damage,
  directory,
  FILTERS,
  FROM,
  groupsOf,
  keys,
  nameAt,
  objects,
  PER_SEGMENT,
  packetsOf,
  SECOND,
  said,
  selected,
  T,
  TO,
  times,
  useRecordedTraffic,
} from '../../../test/support/query-fixture.ts';
import { EXIT } from '../../errors/exit-codes.ts';
import { sourceNetwork } from '../../past/answers/source-network.ts';
import { appendToJournal, writeSegment } from '../../recorder/format/index.ts';
import { TOP_NAMES, topOption } from './top-names.ts';
import { withPlaces } from './top-places.ts';

useRecordedTraffic();

describe('query --count', () => {
  it.each(FILTERS)('is the sum of the weights in the range: %s', async (filterText) => {
    const filter = filterText === undefined ? undefined : parseFilter(filterText);
    const { code, text: number } = await asked({ filter, question: { kind: 'count' }, format: 'table' });
    expect([code, number]).toEqual([EXIT.ok, `${packetsOf(selected(filterText))}\n`]);
  });

  it('without a range counts all, from the indexes of segments alone', async () => {
    damage('00000002.native.gz', 100);
    const range = { fromNs: undefined, toNs: undefined };
    const { code, text: number } = await asked({ range, question: { kind: 'count' } });
    expect([code, objects(number)]).toEqual([EXIT.ok, [{ packets: packetsOf(all) }]]);
    expect(said).toMatch(
      /^2023-11-14 22:13:20\.\d+ to .* UTC: [\d,]+ packets; sampled: 18,000 records stand for them, complete$/m,
    );
  });

  it('does not read segments outside the range', async () => {
    damage('00000001.native.zst', 100);
    const { code, text: number } = await asked({ filter: parseFilter('tcp'), question: { kind: 'count' } });
    expect([code, objects(number)]).toEqual([EXIT.ok, [{ packets: packetsOf(selected('tcp')) }]]);
  });
});

describe('query --by', () => {
  it.each(FILTERS)('sums up packets, bytes and denied packets: %s', async (filterText) => {
    const filter = filterText === undefined ? undefined : parseFilter(filterText);
    const { text: lines } = await asked({ filter, question: { kind: 'by', step: 'second' } });
    const expected = new Map<bigint, PacketLog[]>();
    for (const record of selected(filterText)) {
      const start = record.timestamp_ns - (record.timestamp_ns % SECOND);
      expected.set(start, [...(expected.get(start) ?? []), record]);
    }
    expect(objects(lines)).toEqual(
      [...expected.keys()]
        .sort((one, other) => (one < other ? -1 : 1))
        .map((start) => {
          const records = expected.get(start) ?? [];
          const denied = packetsOf(records.filter(({ action }) => action === 1));
          return { timestamp_ns: String(start), packets: packetsOf(records), bytes: bytesOf(records), denied };
        }),
    );
  });
});

describe('query --top', () => {
  it.each(Object.keys(keys).flatMap((name) => FILTERS.map((filter) => [name, filter] as const)))(
    'by %s has the largest sums and all others: %s',
    async (name, filterText) => {
      const filter = filterText === undefined ? undefined : parseFilter(filterText);
      const top = topOption(name);
      const { text: lines } = await asked({ filter, question: { kind: 'top', top, limit: 5 } });
      const groups = groupsOf(name, selected(filterText));
      const matching = [...groups.values()].flat();
      const rows = objects(lines);
      const listed = rows.filter((row) => Object.values(row)[0] !== 'others');
      const sums = [...groups.values()].map(packetsOf).sort((one, other) => other - one);
      expect(listed.map(({ packets }) => packets)).toEqual(sums.slice(0, 5));
      for (const { packets, bytes, share, ...key } of listed) {
        const group = groups.get(JSON.stringify(key)) ?? [];
        expect({ packets, bytes }).toEqual({ packets: packetsOf(group), bytes: bytesOf(group) });
        expect(share).toBeCloseTo(packetsOf(group) / packetsOf(matching), 5);
      }
      expect(rows.reduce((sum, { packets }) => sum + Number(packets), 0)).toBe(packetsOf(matching));
      expect(said).toContain(`${name}: ${groups.size.toLocaleString('en-US')} distinct\n`);
    },
  );

  it('adds up the sources of each network, and of each AS of a file', async () => {
    const file = join(directory, 'asn.mmdb');
    const entry = { autonomous_system_number: 64_496, autonomous_system_organization: 'Example' };
    writeFileSync(file, mmdb('ASN', { '0.0.0.0/2': entry, '128.0.0.0/2': entry }));
    const isIn = (address: string) =>
      !address.includes(':') && Math.floor(Number(address.split('.')[0]) / 64) % 2 === 0;
    const networkOf = (address: string) =>
      address.includes(':') ? sourceNetwork(address) : `${address.split('.').slice(0, 3).join('.')}.0/24`;
    const sumsBy = (nameOf: (address: string) => string) => {
      const sums = new Map<string, number>();
      for (const { src_addr, weight } of selected(undefined)) {
        const name = nameOf(src_addr);
        sums.set(name, (sums.get(name) ?? 0) + weight);
      }
      return [...sums].sort(([, one], [, other]) => other - one);
    };
    const asOf = await withPlaces(topOption('source-as'), 'as', [file]);
    const ases = objects((await asked({ question: { kind: 'top', top: asOf, limit: 5 } })).text);
    expect(ases.map(({ as, packets }) => [as, packets])).toEqual(
      sumsBy((address) => (isIn(address) ? 'AS64496' : 'unknown')),
    );
    expect(ases.find(({ as }) => as === 'AS64496')).toMatchObject({ organisation: 'Example' });
    expect(said).toContain('source-as: 2 distinct\n');

    const question = { kind: 'top', top: topOption('source-network'), limit: 1e6 } as const;
    const networks = objects((await asked({ question })).text);
    const expected = sumsBy(networkOf);
    expect(networks.map(({ packets }) => packets)).toEqual(expected.map(([, packets]) => packets));
    expect(new Map(networks.map(({ network, packets }) => [network, packets]))).toEqual(new Map(expected));
    const first = objects((await asked({ question: { ...question, limit: 3 } })).text);
    expect(first.reduce((sum, { packets }) => sum + Number(packets), 0)).toBe(packetsOf(selected(undefined)));
    expect(first.at(-1)).toMatchObject({ network: 'others' });
  });

  it('has a name for each key that the help lists, and rejects others', () => {
    expect(TOP_NAMES.map((name) => topOption(name).name)).toEqual(TOP_NAMES);
    expect(topOption('src_addr')).toEqual(topOption('source'));
    expect(() => topOption('colour')).toThrow(/Write one of source, destination, port/);
  });

  it('is a table and CSV, too', async () => {
    const question = { kind: 'top', top: topOption('action'), limit: 1 } as const;
    const [permits, others] = [selected('permit'), selected('not permit')];
    const table = (await asked({ question, format: 'table' })).text.split('\n');
    expect(table[0]).toMatch(/^action +packets +bytes +share$/);
    expect(table[1]).toMatch(/^permit +[\d,]+ +[\d,]+ +\d+\.\d %$/);
    expect(table[1]).toContain(packetsOf(permits).toLocaleString('en-US'));
    const csv = (await asked({ question, format: 'csv' })).text.split('\n');
    expect(csv[0]).toBe('action,packets,bytes,share');
    expect(csv[2]).toContain(`others,${packetsOf(others)},${bytesOf(others)},`);
  });
});

describe('query without a question', () => {
  it.each(FILTERS)('prints the newest records in order, with the names of the time: %s', async (filterText) => {
    const filter = filterText === undefined ? undefined : parseFilter(filterText);
    const { text: lines } = await asked({ filter, question: { kind: 'rows', limit: 700 } });
    const expected = selected(filterText)
      .sort((one, other) => (one.timestamp_ns < other.timestamp_ns ? -1 : 1))
      .slice(-700);
    const rows = objects(lines);
    expect(rows.map((row) => row['timestamp_ns'])).toEqual(expected.map(({ timestamp_ns }) => String(timestamp_ns)));
    expect(rows.map((row) => row['interface'])).toEqual(expected.map(nameAt));
    expect(rows.map((row) => row['src_addr'])).toEqual(expected.map(({ src_addr }) => src_addr));
  });

  it('finds them also where the clock was set back', async () => {
    const earlier = new GeneratedTraffic({ seed: 4, startNs: T - 1000n * SECOND }).take(50);
    writeSegment(directory, 7, earlier, { node: 'n' });
    const range = { fromNs: undefined, toNs: undefined };
    const { text: lines } = await asked({ range, question: { kind: 'rows', limit: 20 } });
    expect(objects(lines).map((row) => row['timestamp_ns'])).toEqual(times.slice(-20).map(String));
  });

  it('is a table with a heading, and CSV', async () => {
    const question = { kind: 'rows', limit: 2 } as const;
    const table = (await asked({ question, format: 'table' })).text.split('\n');
    expect(table[0]).toMatch(/^time \(UTC\) +source +port {2}destination +port {2}proto +flags +interface/);
    expect(table).toHaveLength(4);
    expect((await asked({ question, format: 'csv' })).text.split('\n')[0]).toMatch(/^timestamp_ns,src_addr/);
    expect(said).toContain('The newest 2 rows: --limit prints more.');
    expect(said).toMatch(/UTC: at least \d+ packets?/);
  });
});

describe('the last lines of a query', () => {
  const count = { kind: 'count' } as const;

  it('say what the journal misses in the range, and nothing of other times', async () => {
    const gap = { kind: 'gap', at_ns: TO, cause: 'the recorder was killed' } as const;
    appendToJournal(directory, { ...gap, from_ns: FROM - SECOND, to_ns: FROM + SECOND, records: 3120 });
    appendToJournal(directory, { ...gap, from_ns: TO + SECOND, to_ns: TO + 2n * SECOND, records: 7 });
    const expired = { kind: 'expired', at_ns: TO, file: 'x', permits: 5, denies: 4 } as const;
    appendToJournal(directory, { ...expired, from_ns: T - SECOND, to_ns: FROM + 1n, records: 9 });
    appendToJournal(directory, { ...expired, from_ns: T - 2n * SECOND, to_ns: FROM - 1n, records: 11 });
    const times = { at_ns: TO, from_ns: FROM, to_ns: TO };
    appendToJournal(directory, { kind: 'forgotten', ...times, file: 'x', records: 2 });
    await asked({ question: count });
    expect(said).toMatch(/UTC: [\d,]+ packets; sampled: .*, not complete:$/m);
    expect(said).toMatch(/^ {2}lost: 3,120 records in 1 gap \(.* UTC\): the recorder was killed$/m);
    expect(said).toMatch(
      /^ {2}expired: 9 records in segments that reach into the range; the oldest that is kept is of 2023/m,
    );
    expect(said).toMatch(/^ {2}removed by packetlog forget: 2 records$/m);
    expect(said).not.toMatch(/7 records|11 records|not recorded/);
  });

  it('say when nothing was recorded', async () => {
    appendToJournal(directory, { kind: 'stop', at_ns: FROM + SECOND });
    appendToJournal(directory, { kind: 'start', at_ns: FROM + 3n * SECOND, node: 'n', version: '1' });
    appendToJournal(directory, { kind: 'stop', at_ns: TO + 3n * SECOND });
    await asked({ question: count, range: { fromNs: T - SECOND, toNs: undefined } });
    expect(said).toContain('  not recorded before 2023-11-14 22:13:20.000 UTC, when recording began\n');
    expect(said).toMatch(/^ {2}not recorded from .* to .* UTC: packetlog was not running$/m);
    expect(said).toMatch(/^ {2}not recorded since .* UTC, when packetlog stopped$/m);
  });

  it('name a damaged segment that was skipped, as a whole', async () => {
    const bytes = readFileSync(join(directory, '00000003.native.zst'));
    const { frames } = decodeIndex(bytes.subarray(-MAX_INDEX_BYTES), bytes.length);
    damage('00000003.native.zst', frames.find(({ column }) => column === 'length')?.offset ?? 0);
    const { code, text: lines } = await asked({ question: { kind: 'top', top: topOption('source'), limit: 1e6 } });
    expect(code).toBe(EXIT.failed);
    expect(said).toMatch(/read segment .*00000003\.native\.zst: \w+ at byte \d+ is damaged/);
    expect(said).toContain('  1 damaged segment skipped; packetlog segments verify shows all damage\n');
    const inThird = new Set(all.slice(2 * PER_SEGMENT, 3 * PER_SEGMENT));
    const expected = packetsOf(selected(undefined).filter((record) => !inThird.has(record)));
    expect(objects(lines).reduce((sum, { packets }) => sum + Number(packets), 0)).toBe(expected);
  });
});
