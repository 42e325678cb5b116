import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FIELD_OFFSETS, PACKET_LOG_SIZE, parseFilter, type TimeStep } from '@packetlog/common';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PastBlocks } from '../../past/reading/past-blocks.ts';
import type { TimeRange } from '../../past/reading/time-range.ts';
import { InterfaceHistory, segmentName, type WrittenSegment, writeSegment } from '../../recorder/format/index.ts';
import { removeSums, sumsPath } from '../../recorder/format/sums-file.ts';
import { sumsByStep } from './sums.ts';

const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
const T = 1_700_000_000n * SECOND;
const STEPS: readonly TimeStep[] = ['second', 'minute', 'hour'];
const ALL: TimeRange = { fromNs: undefined, toNs: undefined };

interface Packet {
  readonly ns: bigint;
  readonly weight: number;
  readonly length: number;
  /** 0 aborted, 1 denied, 2 permitted; 3: of a later version. */
  readonly action: number;
}

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-sums-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function recordsOf(packets: readonly Packet[]): Uint8Array {
  const data = new DataView(new ArrayBuffer(packets.length * PACKET_LOG_SIZE));
  packets.forEach(({ ns, weight, length, action }, i) => {
    const at = i * PACKET_LOG_SIZE;
    data.setBigUint64(at + FIELD_OFFSETS.timestamp_ns, ns, true);
    data.setUint16(at + FIELD_OFFSETS.weight, weight, true);
    data.setUint16(at + FIELD_OFFSETS.length, length, true);
    data.setUint8(at + FIELD_OFFSETS.action, action);
  });
  return new Uint8Array(data.buffer);
}

function seal(sequence: number, packets: readonly Packet[]): WrittenSegment {
  return writeSegment(directory, sequence, recordsOf(packets), { node: 'n' });
}

function asked(range: TimeRange, step: TimeStep, maxSteps?: number) {
  const blocks = new PastBlocks(directory, new InterfaceHistory([]));
  const result = sumsByStep(blocks, { range, filter: undefined }, step, maxSteps);
  return { ...result, corrupt: blocks.corrupt.map(({ file }) => file) };
}

/** Changes a byte of a file. */
function damage(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 0x10;
  writeFileSync(path, bytes);
}

/** Damages all columns of a segment, not its index. */
function damageColumns({ path, index }: WrittenSegment): void {
  for (const { offset } of index.frames) damage(path, offset);
}

/** What happens to the sums of a segment; `at` chooses a byte. */
const HARM: Readonly<Record<string, (sequence: number, at: number) => void>> = {
  none: () => undefined,
  missing: (sequence) => removeSums(directory, sequence),
  damaged: (sequence, at) => {
    const path = sumsPath(directory, sequence, 'rates');
    damage(path, at % readFileSync(path).length);
  },
  'cut off': (sequence, at) => {
    const path = sumsPath(directory, sequence, 'rates');
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, at % bytes.length));
  },
  'of another segment': (sequence) => {
    const other = seal(sequence + 1000, [{ ns: T, weight: 1, length: 60, action: 2 }]);
    writeFileSync(sumsPath(directory, sequence, 'rates'), readFileSync(sumsPath(directory, other.sequence, 'rates')));
    rmSync(other.path);
  },
  unreadable: (sequence) => {
    removeSums(directory, sequence);
    mkdirSync(sumsPath(directory, sequence, 'rates'));
  },
};

/** Longest time between two packets. The steps of the sums follow from it; with the longest there are no sums. */
const SCALES = [SECOND, 5n * SECOND, 3n * MINUTE, HOUR, 8n * HOUR, 20n * 24n * HOUR];
const packet = (minWeight: number) =>
  fc.record({
    /** Of 16 parts of the scale; also back in time. */
    parts: fc.oneof(fc.bigInt(0n, 16n), fc.bigInt(-16n, 16n)),
    weight: fc.oneof(fc.constant(1), fc.integer({ min: minWeight, max: 0xffff })),
    length: fc.integer({ min: 0, max: 0xffff }),
    action: fc.integer({ min: 0, max: 3 }),
  });
const scenario = (minWeight: number) =>
  fc.record({
    segments: fc.array(
      fc.record({
        scale: fc.constantFrom(...SCALES),
        packets: fc.array(packet(minWeight), { minLength: 1, maxLength: 12 }),
        harm: fc.oneof({ weight: 2, arbitrary: fc.constant('none') }, fc.constantFrom(...Object.keys(HARM))),
        at: fc.nat(500),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    isLastHot: fc.boolean(),
    /** Numbers of packets whose times limit the range, and ns that are added; null: no limit. */
    limits: fc.tuple(
      fc.option(fc.tuple(fc.nat(47), fc.bigInt(-1n, 1n))),
      fc.option(fc.tuple(fc.nat(47), fc.bigInt(-1n, 1n))),
    ),
    step: fc.constantFrom(...STEPS),
  });

type Scenario = ReturnType<typeof scenario> extends fc.Arbitrary<infer S> ? S : never;

/** Writes the segments, asks, then asks again without any sums by time. */
function bothWays(given: Scenario, maxSteps?: number) {
  rmSync(directory, { recursive: true });
  mkdirSync(directory);
  let ns = T;
  const times: bigint[] = [];
  given.segments.forEach(({ scale, packets, harm, at }, i) => {
    const timed = packets.map(({ parts, ...rest }) => {
      ns += (scale * parts) / 16n;
      times.push(ns);
      return { ...rest, ns };
    });
    if (given.isLastHot && i === given.segments.length - 1) {
      writeFileSync(join(directory, segmentName(i + 1, 'hot')), recordsOf(timed));
      return;
    }
    seal(i + 1, timed);
    // Without a file of sums, there is none to harm.
    if (existsSync(sumsPath(directory, i + 1, 'rates'))) HARM[harm]?.(i + 1, at);
  });
  const [fromNs, toNs] = given.limits.map((limit) =>
    limit === null ? undefined : (times[limit[0] % times.length] as bigint) + limit[1],
  );
  const bySums = asked({ fromNs, toNs }, given.step, maxSteps);
  given.segments.forEach((_, i) => {
    rmSync(sumsPath(directory, i + 1, 'rates'), { recursive: true, force: true });
  });
  return { bySums, byRecords: asked({ fromNs, toNs }, given.step, maxSteps) };
}

describe('sums by step', () => {
  it('are the same with and without the sums beside the segments', () => {
    fc.assert(
      fc.property(scenario(0), (given) => {
        const { bySums, byRecords } = bothWays(given);
        expect(bySums).toEqual(byRecords);
        expect(bySums.corrupt).toEqual([]);
      }),
    );
  });

  it('are the same if not all steps fit', () => {
    fc.assert(
      fc.property(scenario(1), fc.integer({ min: 1, max: 8 }), (given, maxSteps) => {
        const { bySums, byRecords } = bothWays(given, maxSteps);
        expect(bySums).toEqual(byRecords);
      }),
    );
  });

  it('are the same if denied packets of steps that do not fit leave no room', () => {
    const at = (second: bigint, action: number): Packet => ({ ns: T + second * SECOND, weight: 1, length: 60, action });
    seal(1, [at(0n, 2), at(1n, 2), at(2n, 1)]);
    seal(2, [at(1n, 1), at(0n, 1)]);
    const bySums = asked(ALL, 'second', 2);
    removeSums(directory, 1);
    removeSums(directory, 2);
    expect(bySums).toEqual(asked(ALL, 'second', 2));
  });

  /** A packet each second for 100 s, every fifth denied, of weights 1 to 3. */
  const regular = (startNs: bigint): Packet[] =>
    Array.from({ length: 100 }, (_, i) => ({
      ns: startNs + BigInt(i) * SECOND,
      weight: 1 + (i % 3),
      length: 60 + i,
      action: i % 5 === 0 ? 1 : 2,
    }));
  const [first, second, third] = [T, T + 100n * SECOND, T + 200n * SECOND].map(regular) as [
    Packet[],
    Packet[],
    Packet[],
  ];

  it.each(STEPS)('of each %s read no records of segments that lie in the range', (step) => {
    const segments = [first, second, third].map((packets, i) => seal(i + 1, packets));
    const range = { fromNs: T + 50n * SECOND, toNs: undefined };
    const expected = asked(range, step);
    expect(expected).toMatchObject({ corrupt: [], total: { records: 250 } });
    for (const segment of segments.slice(1)) damageColumns(segment);
    expect(asked(range, step)).toEqual(expected);
    // Of the first, a part is outside the range.
    damageColumns(segments[0] as WrittenSegment);
    expect(asked(range, step)).toMatchObject({ corrupt: [segments[0]?.path], total: { records: 200 } });
    removeSums(directory, 2);
    expect(asked(range, step)).toMatchObject({
      corrupt: [segments[0]?.path, segments[1]?.path],
      total: { records: 100 },
    });
  });

  it.each([
    [{ fromNs: T, toNs: T + 99n * SECOND + 1n }, 100],
    [{ fromNs: T, toNs: T + 99n * SECOND }, 99],
    [{ fromNs: T + 1n, toNs: T + 100n * SECOND }, 99],
  ])('leave out records at the ends of the range: %o', (range, records) => {
    seal(1, first);
    expect(asked(range, 'minute').total.records).toBe(records);
  });

  it('read the records if the steps of the sums are longer, or if there is a filter', () => {
    const sparse = seal(1, [...first, ...regular(T + HOUR)]);
    damageColumns(sparse);
    expect(asked(ALL, 'second').corrupt).toEqual([sparse.path]);
    expect(asked(ALL, 'minute')).toMatchObject({ corrupt: [], total: { records: 200 } });
    const blocks = new PastBlocks(directory, new InterfaceHistory([]));
    sumsByStep(blocks, { range: ALL, filter: parseFilter('deny') }, 'minute');
    expect(blocks.corrupt.map(({ file }) => file)).toEqual([sparse.path]);
  });

  it('have no step of packets whose weight is 0', () => {
    const nothing = { ns: T + HOUR, weight: 0, length: 60, action: 2 };
    seal(1, [...first, nothing]);
    const expected = asked(ALL, 'minute');
    removeSums(directory, 1);
    expect(asked(ALL, 'minute')).toEqual(expected);
    expect(expected.steps.every(({ packets }) => packets > 0)).toBe(true);
    expect(expected.total.records).toBe(101);
  });
});
