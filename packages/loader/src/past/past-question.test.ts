import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  HISTORY_COLUMNS,
  PACKET_LOG_SIZE,
  type PacketLog,
  PacketLogView,
  type PastFacts,
  type PastRates,
  type PastRows,
  type PastTop,
  pastRatesSchema,
  pastTopSchema,
  portsRead,
} from '@packetlog/common';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ALL,
  FILTERS,
  nameAt,
  removePast,
  selectedPackets,
  T,
  TIMES,
  writePast,
} from '../../test/support/past-fixture.ts';
import { appendToJournal, listSegments, type SegmentFile } from '../recorder/format/index.ts';
import { SealedSegment } from '../recorder/format/sealed-segment.ts';
import { removeSums, sumsPath } from '../recorder/format/sums-file.ts';
import { pastTop } from './answers/past-top.ts';
import { PastView } from './answers/past-view.ts';
import type { ReadVerb } from './past-messages.ts';
import { PastPlaces } from './past-places.ts';
import { answerTo, type Outcome } from './past-question.ts';
import { KnownFacts } from './reading/known-facts.ts';

const NS_PER_MS = 1_000_000n;
const RECORDER = { bytes: 5, max_bytes: 10, is_anonymized: false };
const FIRST_MS = Number((TIMES[0] as bigint) / NS_PER_MS);
const LAST_MS = Number((TIMES.at(-1) as bigint) / NS_PER_MS) + 1;
const EVERYTHING = { from_ms: FIRST_MS, to_ms: LAST_MS };

let directory = '';
let known = new KnownFacts();
let places = new PastPlaces();
beforeEach(() => {
  directory = writePast();
  known = new KnownFacts();
  places = new PastPlaces();
});
afterEach(() => removePast(directory));

function outcome(verb: ReadVerb, request: unknown): Outcome {
  const answering = answerTo({ verb, request, recorder: RECORDER }, { directory, known, places });
  for (;;) {
    const { done, value } = answering.next();
    if (done === true) return value;
  }
}

function answer<Value>(verb: ReadVerb, request: unknown): Value {
  const { answer: found } = outcome(verb, request);
  if (!found.ok) throw new Error(found.error.message);
  return JSON.parse(found.json) as Value;
}

const packetsOf = (packets: readonly PacketLog[]) => packets.reduce((sum, { weight }) => sum + weight, 0);
const bytesOf = (packets: readonly PacketLog[]) =>
  packets.reduce((sum, { weight, length }) => sum + weight * length, 0);

/** Ranges with edges within and outside of the packets. */
const range = fc
  .tuple(
    fc.integer({ min: FIRST_MS - 2000, max: LAST_MS + 2000 }),
    fc.integer({ min: 1, max: LAST_MS - FIRST_MS + 4000 }),
  )
  .map(([from_ms, ms]) => ({ from_ms, to_ms: from_ms + ms }));
const filter = fc.constantFrom(...FILTERS);
/** Always among the examples: all packets, and all but the first and last ones. */
const WHOLE = { from_ms: FIRST_MS - 1500, to_ms: LAST_MS + 1500 };
const MIDDLE = { from_ms: FIRST_MS + 1500, to_ms: LAST_MS - 1500 };
const RANGES = FILTERS.flatMap((text) => [WHOLE, MIDDLE].map((each) => [each, text] as const));

function chosen({ from_ms, to_ms }: { from_ms: number; to_ms: number }, text: string | undefined): PacketLog[] {
  return selectedPackets(text, BigInt(from_ms) * NS_PER_MS, BigInt(to_ms) * NS_PER_MS);
}

const withFilter = (text: string | undefined) => (text === undefined ? {} : { filter: text });

type Example = [asked: { from_ms: number; to_ms: number }, text: string | undefined, limit: number];
const asExample = ([asked, text, limit]: Readonly<Example>): Example => [asked, text, limit];

describe('past:rates', () => {
  const PROTOCOLS: Record<number, string> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp' };

  function naive(packets: readonly PacketLog[]): Record<string, number> {
    const sums = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, 0]));
    const plus = (name: string, value: number) => {
      sums[name] = (sums[name] as number) + value;
    };
    for (const { weight, length, action, ip_protocol } of packets) {
      plus('packets', weight);
      plus('bytes', weight * length);
      plus(['aborted', 'denied', 'permitted'][action] as string, weight);
      if (action === 1) plus('denied_bytes', weight * length);
      plus(PROTOCOLS[ip_protocol] ?? 'other', weight);
      plus(`${PROTOCOLS[ip_protocol] ?? 'other'}_bytes`, weight * length);
    }
    return sums;
  }

  it.each(['with', 'without'])('are the sums of each step, whatever is asked, %s the segments’ own sums', (own) => {
    if (own === 'without') for (let i = 1; i <= 6; i++) removeSums(directory, i);
    fc.assert(
      fc.property(range, filter, fc.integer({ min: 1, max: 300 }), (asked, text, max_steps) => {
        const rates = answer<PastRates>('rates', { ...asked, ...withFilter(text), max_steps });
        const packets = chosen(asked, text);
        const steps = rates.columns.packets.length;
        expect(steps).toBeLessThanOrEqual(max_steps);
        expect(rates.first_at_ms % rates.step_ms).toBe(0);
        expect(rates.first_at_ms).toBeLessThanOrEqual(asked.from_ms);
        expect(rates.first_at_ms + steps * rates.step_ms).toBeGreaterThanOrEqual(asked.to_ms);
        for (let step = 0; step < steps; step++) {
          const from = BigInt(rates.first_at_ms + step * rates.step_ms) * NS_PER_MS;
          const to = from + BigInt(rates.step_ms) * NS_PER_MS;
          const inStep = packets.filter(({ timestamp_ns }) => timestamp_ns >= from && timestamp_ns < to);
          const found = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, rates.columns[name][step]]));
          expect(found).toEqual(naive(inStep));
        }
        expect(rates.coverage).toMatchObject({ packets: packetsOf(packets), records: packets.length });
      }),
      {
        numRuns: 26,
        examples: RANGES.flatMap((each) => [[...each, 150] as const, [...each, 7] as const]).map(asExample),
      },
    );
  });

  it('have the shortest of the steps that is not too short, and all of the range', () => {
    const rates = answer<PastRates>('rates', { ...EVERYTHING, max_steps: 2000 });
    expect(rates.step_ms).toBe(1000);
    pastRatesSchema.parse(rates);
    const always = answer<PastRates>('rates', { from_ms: 0, to_ms: 4e12, max_steps: 2000 });
    expect(always.columns.packets.length).toBeLessThanOrEqual(2000);
    expect(always.columns.packets.reduce((sum, value) => sum + value)).toBe(packetsOf(ALL));
  });

  it('have the records of gaps in the steps between which they were lost', () => {
    const at_ns = T;
    const [from_ns, to_ns] = [BigInt(FIRST_MS) * NS_PER_MS, BigInt(FIRST_MS + 10_000) * NS_PER_MS];
    appendToJournal(directory, { kind: 'gap', at_ns, from_ns, to_ns, records: 1003, cause: 'the disk is full' });
    const rates = answer<PastRates>('rates', { ...EVERYTHING, max_steps: 2000 });
    expect(rates.columns.lost.reduce((sum, value) => sum + value)).toBe(1003);
    expect(rates.columns.lost.slice(1, 9).every((value) => value === 100 || value === 101)).toBe(true);
    expect(rates.columns.lost.slice(11)).toEqual(rates.columns.lost.slice(11).map(() => 0));
    expect(rates.coverage.missing).toEqual([
      {
        kind: 'lost',
        from_ms: FIRST_MS,
        to_ms: FIRST_MS + 10_000,
        count: 1003,
        message: expect.stringMatching(/^Lost: 1,003 records in 1 gap \(.* UTC\): the disk is full\.$/),
      },
    ]);
  });
});

describe('past:top', () => {
  type Entry = { packets: number; bytes: number };

  function compare<E extends Entry>(
    list: { entries: readonly E[]; others: Entry; distinct: number },
    packets: readonly PacketLog[],
    keyOf: (packet: PacketLog) => unknown,
    limit: number,
  ): void {
    const groups = new Map<string, PacketLog[]>();
    for (const packet of packets) {
      const key = JSON.stringify(keyOf(packet));
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [packet]);
      else group.push(packet);
    }
    expect(list.distinct).toBe(groups.size);
    const largest = [...groups.values()].map(packetsOf).sort((one, other) => other - one);
    expect(list.entries.map((entry) => entry.packets)).toEqual(largest.slice(0, limit));
    for (const { packets: sum, bytes, ...key } of list.entries) {
      const { ports, ...rest } = key as { ports?: number };
      const group = groups.get(JSON.stringify(rest)) ?? [];
      expect([sum, bytes]).toEqual([packetsOf(group), bytesOf(group)]);
      if (ports === undefined) continue;
      const withPorts = group.filter(portsRead);
      expect(ports).toBe(new Set(withPorts.map(({ ip_protocol, dst_port }) => `${ip_protocol} ${dst_port}`)).size);
    }
    const listed = list.entries.reduce((sum, entry) => sum + entry.packets, 0);
    expect(listed + list.others.packets).toBe(packetsOf(packets));
  }

  it.each(['with', 'without'])('are the largest sums, all others, and their number, %s the sums by pair', (own) => {
    for (let i = 1; i <= 6; i++) {
      expect(existsSync(sumsPath(directory, i, 'pairs'))).toBe([2, 5].includes(i));
      if (own === 'without') removeSums(directory, i);
    }
    fc.assert(
      fc.property(range, filter, fc.integer({ min: 1, max: 20 }), (asked, text, limit) => {
        const top = answer<PastTop>('top', { ...asked, ...withFilter(text), limit });
        const packets = chosen(asked, text);
        const ip = packets.filter(({ ip_protocol }) => ip_protocol !== 255);
        compare(top.sources, ip, ({ src_addr }) => ({ addr: src_addr }), limit);
        compare(top.pairs, ip, ({ src_addr, dst_addr }) => ({ src_addr, dst_addr }), limit);
        compare(
          top.ports,
          packets.filter(portsRead),
          ({ ip_protocol, dst_port }) => ({ ip_protocol, port: dst_port }),
          limit,
        );
        compare(
          top.rules,
          packets.filter(({ rule_id }) => rule_id > 0),
          ({ rule_id }) => ({ rule_id }),
          limit,
        );
        compare(top.interfaces, packets, (packet) => ({ name: nameAt(packet) }), limit);
        expect(top.coverage).toMatchObject({ packets: packetsOf(packets), records: packets.length, missing: [] });
      }),
      { numRuns: 20, examples: RANGES.map((each) => asExample([...each, 10])) },
    );
  });

  it('read no records but ports of the listed sources, where there are sums by pair', () => {
    const ask = () => answer<PastTop>('top', WHOLE);
    const expected = ask();
    for (const sequence of [2, 5]) {
      const file = listSegments(directory).find((each) => each.sequence === sequence) as SegmentFile;
      using segment = SealedSegment.open(file);
      const bytes = readFileSync(file.path);
      for (const { column, offset } of segment?.index.frames ?? []) {
        if (['length', 'weight', 'rule_id', 'ifindex'].includes(column)) bytes[offset] = (bytes[offset] as number) ^ 16;
      }
      writeFileSync(file.path, bytes);
    }
    expect(ask()).toEqual(expected);
    removeSums(directory, 2);
    expect(ask().coverage.missing).toMatchObject([{ kind: 'damaged' }]);
  });

  it('say what is in no list, because there were too many values', () => {
    const view = new PastView(directory, known);
    const answering = pastTop(view, { ...EVERYTHING, limit: 100 }, { places, maxKeys: 50 });
    let step = answering.next();
    while (step.done !== true) step = answering.next();
    const top = pastTopSchema.parse(step.value);
    expect(top.sources.distinct).toBe(50);
    const listed = top.sources.entries.reduce((sum, { packets }) => sum + packets, 0);
    const ip = ALL.filter(({ ip_protocol }) => ip_protocol !== 255);
    expect(listed + top.sources.others.packets).toBe(packetsOf(ip));
    expect(top.coverage.missing).toMatchObject([
      { kind: 'uncounted', message: expect.stringContaining('narrow the range') },
    ]);
  });
});

describe('past:rows', () => {
  function decoded({ records }: PastRows): PacketLog[] {
    const bytes = Buffer.from(records, 'base64');
    const count = bytes.length / PACKET_LOG_SIZE;
    const view = new PacketLogView(bytes, { count, stride: PACKET_LOG_SIZE, recordOffset: 0 });
    return Array.from({ length: count }, (_, i) => view.decode(i));
  }

  it('page by page, are all packets of the range in their order, each once, also those of the same time', () => {
    fc.assert(
      fc.property(range, filter, fc.integer({ min: 7, max: 5000 }), (asked, text, limit) => {
        const packets = chosen(asked, text);
        const found: PacketLog[] = [];
        let before: string | undefined;
        do {
          const page = answer<PastRows>('rows', { ...asked, ...withFilter(text), limit, ...(before && { before }) });
          const rows = decoded(page);
          expect(rows.length === limit || page.next === undefined).toBe(true);
          found.unshift(...rows);
          before = page.next;
        } while (before !== undefined && found.length < 4 * limit);
        expect(found).toEqual(found.length === 0 ? [] : packets.slice(-found.length));
        if (before === undefined) expect(found).toHaveLength(packets.length);
      }),
      { numRuns: 20, examples: RANGES.map((each) => asExample([...each, 4000])) },
    );
  });

  it('have the names of their interfaces', () => {
    const page = answer<PastRows>('rows', { ...EVERYTHING, limit: 50 });
    expect(page.interfaces.map(({ ifindex, name }) => [ifindex, name]).sort()).toEqual([
      [2, 'wan0'],
      [3, 'eth0'],
      [4, '4'],
    ]);
  });

  it('keep their places when the segment that is written is sealed, and when packets are added', () => {
    const first = answer<PastRows>('rows', { ...EVERYTHING, limit: 100 });
    const hot = join(directory, '00000006.hot');
    const more = Buffer.concat([readFileSync(hot), Buffer.alloc(PACKET_LOG_SIZE)]);
    writeFileSync(hot, more);
    const second = answer<PastRows>('rows', { ...EVERYTHING, limit: 100, before: first.next });
    expect([...decoded(second), ...decoded(first)]).toEqual(chosen(EVERYTHING, undefined).slice(-200));
  });
});

describe('past:first_seen', () => {
  it('is the time of the first packet of each source, however it is written', () => {
    const sources = [...new Set(ALL.map(({ src_addr }) => src_addr))].filter((_, i) => i % 40 === 1).slice(0, 40);
    const found = answer<Record<string, number>>('first_seen', { addresses: [...sources, '203.0.113.254'] });
    const expected = sources.map((source) => {
      const times = ALL.filter(({ src_addr }) => src_addr === source).map(({ timestamp_ns }) => timestamp_ns);
      return [source, Number((times.sort((one, other) => (one < other ? -1 : 1))[0] as bigint) / NS_PER_MS)];
    });
    expect(found).toEqual(Object.fromEntries(expected));
  });
});

describe('past:facts', () => {
  it('are the times of all packets, and the limits of the recorder', () => {
    const facts = answer<PastFacts>('facts', {});
    expect(facts).toEqual({ ...RECORDER, oldest_ms: FIRST_MS, newest_ms: LAST_MS - 1, bookmarks: [] });
  });
});

describe('a question', () => {
  it('skips damaged segments, and says so', () => {
    const path = join(directory, '00000003.native.zst');
    writeFileSync(path, readFileSync(path).fill(0, 8));
    const top = answer<PastTop>('top', EVERYTHING);
    expect(top.coverage.missing).toMatchObject([{ kind: 'damaged', count: 1 }]);
    expect(top.coverage.records).toBe(ALL.length - 3000);
  });

  it('opens no segment outside of its range twice', () => {
    answer('facts', {});
    for (const i of [1, 2, 3]) rmSync(join(directory, `0000000${i}.native.${i % 2 === 0 ? 'gz' : 'zst'}`));
    expect(answer<PastFacts>('facts', {}).oldest_ms).toBeGreaterThan(FIRST_MS);
  });

  it('is rejected if the request is invalid, or the directory is gone', () => {
    expect(outcome('rates', { from_ms: 1 })).toMatchObject({ answer: { ok: false, error: { code: 'invalid' } } });
    expect(outcome('top', { ...EVERYTHING, filter: 'tcp prot' })).toMatchObject({ answer: { ok: false } });
    removePast(directory);
    expect(outcome('facts', {})).toMatchObject({ answer: { ok: false, error: { code: 'unavailable' } } });
    directory = writePast();
  });
});
