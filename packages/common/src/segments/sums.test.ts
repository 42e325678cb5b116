import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearRecord } from '../../test/support/filter.arbitrary.ts';
import { packetLog } from '../../test/support/packet-log.arbitrary.ts';
import { SAMPLE } from '../../test/support/packet-log.sample.ts';
import { PACKET_LOG_SIZE } from '../record/layout.ts';
import { encodePacketLog, type PacketLog } from '../record/packet-log.ts';
import { columnsOf } from './columns.ts';
import { SumsByKey, type TopKey } from './sums-by-key.ts';
import { type RecordSums, SumsByTime, type TimeStep } from './sums-by-time.ts';

const STEPS: Readonly<Record<TimeStep, bigint>> = {
  second: 10n ** 9n,
  minute: 60n * 10n ** 9n,
  hour: 3600n * 10n ** 9n,
};
const KEYS: readonly TopKey[] = [
  'src_addr',
  'dst_addr',
  'dst_port',
  'ip_protocol',
  'rule_id',
  'reason',
  ['src_addr', 'dst_port'],
  ['dst_addr', 'src_port'],
];
const NOTHING: RecordSums = { packets: 0, bytes: 0, records: 0 };

/** Times that lie near the limits of seconds, minutes, hours and 32 bits. */
const nearTime = fc
  .tuple(
    fc.constantFrom(0n, 1n << 32n, 3600n * 10n ** 9n, 1_700_000_000n * 10n ** 9n, (1n << 64n) - 1n),
    fc.bigInt(-2n, 2n),
  )
  .map(([time, shift]) => BigInt.asUintN(64, time + shift));
const record: fc.Arbitrary<PacketLog> = fc
  .tuple(fc.oneof(nearRecord, packetLog), fc.option(nearTime))
  .map(([any, time]) => (time === null ? any : { ...any, timestamp_ns: time }));
/** Blocks of records, each with a mark. */
const blocks = fc.array(fc.array(fc.tuple(record, fc.integer({ min: 0, max: 1 })), { maxLength: 30 }), {
  maxLength: 4,
});
type Blocks = readonly (readonly (readonly [PacketLog, number])[])[];

function add(into: SumsByTime | SumsByKey, many: Blocks, isMarked = true): void {
  for (const block of many) {
    const bytes = new Uint8Array(block.length * PACKET_LOG_SIZE);
    block.forEach(([each], i) => {
      encodePacketLog(each, bytes, i * PACKET_LOG_SIZE);
    });
    into.add(columnsOf(bytes), isMarked ? Uint8Array.from(block, ([, mark]) => mark) : undefined);
  }
}

/** The plainest way: a map of texts. */
function sumsBy(many: Blocks, keyOf: (of: PacketLog) => string, isMarked = true): Map<string, RecordSums> {
  const sums = new Map<string, RecordSums>();
  for (const [each, mark] of many.flat()) {
    if (isMarked && mark === 0) continue;
    const { packets, bytes, records } = sums.get(keyOf(each)) ?? NOTHING;
    sums.set(keyOf(each), {
      packets: packets + each.weight,
      bytes: bytes + each.weight * each.length,
      records: records + 1,
    });
  }
  return sums;
}

function total(all: Iterable<RecordSums>): RecordSums {
  return [...all].reduce(
    (sum, { packets, bytes, records }) => ({
      packets: sum.packets + packets,
      bytes: sum.bytes + bytes,
      records: sum.records + records,
    }),
    NOTHING,
  );
}

function keyText(key: TopKey, of: PacketLog): string {
  return typeof key === 'string' ? `${of[key]}` : `${of[key[0]]} ${of[key[1]]}`;
}

describe('sums by time', () => {
  it.each(Object.keys(STEPS) as TimeStep[])('are those of each %s', (step) => {
    fc.assert(
      fc.property(blocks, fc.boolean(), (many, isMarked) => {
        const sums = new SumsByTime(step);
        add(sums, many, isMarked);
        const expected = sumsBy(many, ({ timestamp_ns }) => `${timestamp_ns - (timestamp_ns % STEPS[step])}`, isMarked);
        const found = sums.sums();
        expect(new Map(found.map(({ start_ns, ...rest }) => [`${start_ns}`, rest]))).toEqual(expected);
        expect(found.map(({ start_ns }) => start_ns)).toEqual(
          found.map(({ start_ns }) => start_ns).toSorted((one, other) => (one < other ? -1 : 1)),
        );
        expect(sums.beyond).toEqual(NOTHING);
      }),
    );
  });

  it('count the records of steps that do not fit', () => {
    fc.assert(
      fc.property(blocks, fc.nat(3), (many, maxSteps) => {
        const sums = new SumsByTime('second', maxSteps);
        add(sums, many);
        expect(sums.sums().length).toBeLessThanOrEqual(maxSteps);
        expect(total([...sums.sums(), sums.beyond])).toEqual(total(sumsBy(many, () => '').values()));
      }),
    );
  });

  it('take sums of shorter steps, of which none are beyond if there is room', () => {
    fc.assert(
      fc.property(blocks, blocks, fc.constantFrom('minute', 'hour'), fc.nat(6), (own, others, step, maxSteps) => {
        const seconds = new SumsByTime('second');
        add(seconds, others);
        const sums = new SumsByTime(step, maxSteps);
        add(sums, own);
        const starts = [...own, ...others]
          .flat()
          .filter(([, mark]) => mark === 1)
          .map(([{ timestamp_ns }]) => timestamp_ns - (timestamp_ns % STEPS[step]));
        const { beyond } = sums;
        const wasComplete = beyond.records === 0;
        const hasRoom = sums.hasRoomFor(seconds.sums());
        if (wasComplete) expect(hasRoom).toBe(new Set(starts).size <= maxSteps);
        const before = { ...beyond };
        sums.addSums(seconds.sums());
        if (hasRoom) expect(sums.beyond).toEqual(before);
        const { packets, bytes } = total([...sums.sums(), sums.beyond]);
        const expected = total(sumsBy([...own, ...others], () => '').values());
        expect({ packets, bytes }).toEqual({ packets: expected.packets, bytes: expected.bytes });
      }),
    );
  });
});

describe('sums by key', () => {
  it.each(KEYS)('are those of %s', (...parts) => {
    const key = (parts.length === 1 ? parts[0] : parts) as TopKey;
    fc.assert(
      fc.property(blocks, fc.boolean(), fc.nat(5), (many, isMarked, count) => {
        const sums = new SumsByKey(key);
        add(sums, many, isMarked);
        const expected = sumsBy(many, (of) => keyText(key, of), isMarked);
        const all = sums.top(Number.POSITIVE_INFINITY);
        expect(new Map(all.entries.map(({ value, port, ...rest }) => [[value, port].join(' ').trim(), rest]))).toEqual(
          expected,
        );
        expect([all.distinct, all.others, all.beyond]).toEqual([expected.size, NOTHING, NOTHING]);
        const top = sums.top(count, 'bytes');
        const largest = [...expected.values()].map(({ bytes }) => bytes).toSorted((one, other) => other - one);
        expect(top.entries.map(({ bytes }) => bytes)).toEqual(largest.slice(0, count));
        expect(total([...top.entries, top.others])).toEqual(total(expected.values()));
      }),
    );
  });

  it.each<[TopKey]>([['src_addr'], ['dst_port'], [['src_addr', 'dst_port']]])(
    'of %j are exact, and no larger than what is beyond, if there are too many',
    (key) => {
      fc.assert(
        fc.property(blocks, fc.integer({ min: 1, max: 4 }), (many, maxKeys) => {
          const sums = new SumsByKey(key, maxKeys);
          add(sums, many);
          const expected = sumsBy(many, (of) => keyText(key, of));
          const { entries, beyond } = sums.top(maxKeys);
          for (const { value, port, ...rest } of entries) {
            const text = [value, port].join(' ').trim();
            expect(rest).toEqual(expected.get(text));
            expected.delete(text);
          }
          expect(total(expected.values())).toEqual(beyond);
        }),
      );
    },
  );

  it.each<[TopKey, readonly string[]]>([
    ['action', ['weight', 'length', 'action']],
    ['src_addr', ['weight', 'length', 'src_addr']],
    [
      ['src_addr', 'dst_port'],
      ['weight', 'length', 'src_addr', 'dst_port'],
    ],
  ])('of %j read only the columns that they name', (key, columns) => {
    const read = new Set<string | symbol>();
    const block = new Proxy(columnsOf(encodePacketLog(SAMPLE)), {
      get: (target, name) => {
        read.add(name);
        return Reflect.get(target, name, target) as unknown;
      },
    });
    const sums = new SumsByKey(key);
    sums.add(block);
    expect([...sums.columns].sort()).toEqual([...columns].sort());
    expect([...read].sort()).toEqual(['count', ...columns].sort());
  });
});
