import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBatchHeader } from './batch-header.ts';
import { writeBatchCounters, writeBatchHeader } from './batch-header-writer.ts';
import { BATCH_HEADER_SIZE } from './batch-layout.ts';

const header = {
  sequence: 2 ** 32 + 1,
  offered: 2 ** 40 + 7,
  dropped: 3,
  withheld: 4,
  filtered: 2 ** 45 + 2 ** 31,
  clock_offset_ns: -2n,
  count: 0x01020304,
  stride: 72,
  recordOffset: 8,
};

describe('writeBatchHeader', () => {
  it('writes the header of batch-layout.ts and no further bytes', () => {
    const target = new Uint8Array(BATCH_HEADER_SIZE + 1).fill(0xaa);
    writeBatchHeader(target, header);
    expect(Buffer.from(target).toString('hex')).toBe(
      [
        '504c4f47',
        '0200',
        '4000',
        '04030201',
        '4800',
        '0800',
        '0100000001000000',
        '0700000000010000',
        '0300000000000000',
        '0400000000000000',
        'feffffffffffffff',
        '0000008000200000',
        'aa',
      ].join(''),
    );
  });

  it('is read back over the full range of every field', () => {
    const counter = fc.maxSafeNat();
    const anyHeader = fc.record(
      {
        sequence: counter,
        offered: counter,
        dropped: counter,
        withheld: counter,
        filtered: counter,
        clock_offset_ns: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
        recordOffset: fc.integer({ min: 0, max: 100 }),
        stride: fc.integer({ min: 164, max: 0xffff }),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(anyHeader, (given) => {
        const target = new Uint8Array(BATCH_HEADER_SIZE);
        writeBatchHeader(target, { ...given, count: 0 });
        expect(readBatchHeader(target, 0)).toEqual({ ...given, count: 0, headerSize: BATCH_HEADER_SIZE });
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    { count: -1 },
    { count: 2 ** 32 },
    { count: 1.5 },
    { stride: 71 },
    { stride: 65536 },
    { recordOffset: -1 },
    { recordOffset: 9 },
    { sequence: -1 },
    { offered: 2 ** 53 },
    { dropped: Number.NaN },
    { withheld: 0.5 },
    { filtered: -1 },
    { clock_offset_ns: 1n << 63n },
  ])('rejects $0', (wrong) => {
    const write = () => writeBatchHeader(new Uint8Array(BATCH_HEADER_SIZE), { ...header, ...wrong });
    expect(write).toThrow(RangeError);
  });

  it('rejects a target shorter than a header', () => {
    expect(() => writeBatchHeader(new Uint8Array(BATCH_HEADER_SIZE - 1), header)).toThrow(/needs 64 bytes/);
  });
});

describe('writeBatchCounters', () => {
  it('changes only the counters of a header, at any offset', () => {
    const counters = { sequence: 9, offered: 2 ** 52 + 1, dropped: 2 ** 32 - 1, withheld: 0, filtered: 2 ** 32 };
    const target = new Uint8Array(3 + BATCH_HEADER_SIZE + 1).fill(0xaa);
    writeBatchHeader(target.subarray(3), { ...header, count: 0 });
    writeBatchCounters(target, 3, counters);
    expect(readBatchHeader(target.subarray(0, -1), 3)).toEqual({
      ...header,
      ...counters,
      count: 0,
      headerSize: BATCH_HEADER_SIZE,
    });
    expect([target[0], target[2], target.at(-1)]).toEqual([0xaa, 0xaa, 0xaa]);
  });
});
