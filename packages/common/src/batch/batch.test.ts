import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packetLog } from '../../test/support/packet-log.arbitrary.ts';
import { BatchFormatError } from '../record/batch-error.ts';
import { encodePacketLog, type PacketLog } from '../record/packet-log.ts';
import { encodeBatch, PacketLogBatch, readBatches } from './batch.ts';
import { writeBatchHeader } from './batch-header-writer.ts';
import { BATCH_HEADER_FIELDS, BATCH_HEADER_SIZE } from './batch-layout.ts';

const records: readonly PacketLog[] = fc.sample(packetLog, { numRuns: 3, seed: 7 });
const bytes = encodeBatch({ sequence: 5, dropped: 2, withheld: 1, filtered: 4, clock_offset_ns: 9n }, records);

function changed(offset: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, offset);
  return copy;
}

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('PacketLogBatch', () => {
  it('decodes header and records', () => {
    const batch = PacketLogBatch.from(bytes);
    expect([...batch]).toEqual(records);
    expect(batch).toMatchObject({ length: 3, sequence: 5, dropped: 2, withheld: 1, filtered: 4, clockOffsetNs: 9n });
    expect(batch.byteLength).toBe(bytes.length);
  });

  it('computes offered if it is omitted', () => {
    expect(PacketLogBatch.from(bytes).offered).toBe(3 + 2 + 1);
    expect(PacketLogBatch.from(encodeBatch({ offered: 100, dropped: 97 }, records)).offered).toBe(100);
  });

  it('accepts a batch without records', () => {
    const batch = PacketLogBatch.from(encodeBatch({}, []));
    expect([batch.length, batch.offered, batch.byteLength, ...batch]).toEqual([0, 0, BATCH_HEADER_SIZE]);
  });

  it('reads records as they lie in a kernel ring: stride 72, offset 8', () => {
    const ring = new Uint8Array(BATCH_HEADER_SIZE + records.length * 72).fill(0xee);
    const header = { sequence: 0, offered: 3, dropped: 0, withheld: 0, filtered: 0, clock_offset_ns: 0n };
    writeBatchHeader(ring, { ...header, count: records.length, stride: 72, recordOffset: 8 });
    records.forEach((record, i) => {
      encodePacketLog(record, ring, BATCH_HEADER_SIZE + i * 72 + 8);
    });
    expect([...PacketLogBatch.from(ring)]).toEqual(records);
  });

  it.each([0, 1, 3, 7])('reads a Uint8Array at byte offset %d of its buffer', (byteOffset) => {
    const buffer = new ArrayBuffer(byteOffset + bytes.length + 1);
    const view = new Uint8Array(buffer, byteOffset, bytes.length);
    view.set(bytes);
    expect([...PacketLogBatch.from(view)]).toEqual(records);
  });

  it('reads an ArrayBuffer, a Node Buffer, and bytes of another realm', () => {
    const buffer = new ArrayBuffer(bytes.length);
    new Uint8Array(buffer).set(bytes);
    expect([...PacketLogBatch.from(buffer)]).toEqual(records);
    expect([...PacketLogBatch.from(Buffer.from(bytes))]).toEqual(records);
    const foreign: { buffer: ArrayBuffer; view: Uint8Array } = runInNewContext(
      '({ view: Uint8Array.from([0, ...numbers]).subarray(1), buffer: Uint8Array.from(numbers).buffer })',
      { numbers: [...bytes] },
    );
    expect(foreign.view).not.toBeInstanceOf(Uint8Array);
    expect([...PacketLogBatch.from(foreign.view)]).toEqual(records);
    expect([...PacketLogBatch.from(foreign.buffer)]).toEqual(records);
  });

  it('reads records behind a longer header', () => {
    const longer = new Uint8Array(bytes.length + 8);
    longer.set(changed(BATCH_HEADER_FIELDS.header_size, BATCH_HEADER_SIZE + 8).subarray(0, BATCH_HEADER_SIZE));
    longer.set(bytes.subarray(BATCH_HEADER_SIZE), BATCH_HEADER_SIZE + 8);
    const batch = PacketLogBatch.from(longer);
    expect([...batch]).toEqual(records);
    expect(batch.byteLength).toBe(longer.length);
  });

  it('rejects every truncation as short', () => {
    for (let length = 0; length < bytes.length; length++) {
      const error = errorOf(() => PacketLogBatch.from(bytes.subarray(0, length)));
      expect(error, `${length} bytes`).toBeInstanceOf(BatchFormatError);
      expect(error).toMatchObject({ code: 'short', actual: length, position: 0 });
    }
  });

  it.each([
    ['magic', changed(0, 0x51), /"PLOG"/],
    ['version', changed(BATCH_HEADER_FIELDS.version, 3), /version 3.*same version as the loader/],
    ['shape', changed(BATCH_HEADER_FIELDS.header_size, 63), /header claims 63 bytes/],
    ['shape', changed(BATCH_HEADER_FIELDS.stride, 63), /stride of 63 bytes/],
    ['shape', changed(BATCH_HEADER_FIELDS.record_offset, 1), /offset 1/],
    ['shape', changed(BATCH_HEADER_FIELDS.sequence + 6, 0x20), /sequence is 90071992547409/],
    ['short', changed(BATCH_HEADER_FIELDS.count, 4), /4 records make 320 bytes, 256 are there/],
    ['short', changed(BATCH_HEADER_FIELDS.count, 255, 255, 255, 255), /4294967295 records/],
  ])('rejects a wrong header with the code %s and the next step', (code, wrong, message) => {
    const error = errorOf(() => PacketLogBatch.from(wrong));
    expect(error).toBeInstanceOf(BatchFormatError);
    expect(error).toMatchObject({ name: 'BatchFormatError', code, message: expect.stringMatching(message) });
  });

  it.each([[{}], [null], [undefined], ['PLOG'], [5], [[80, 76]]])(
    'rejects %o, which is not bytes, with the same error',
    (given) => {
      const error = errorOf(() => PacketLogBatch.from(given as unknown as Uint8Array));
      expect(error).toBeInstanceOf(BatchFormatError);
      expect(error).toMatchObject({ code: 'shape' });
    },
  );

  it.each([-1, 0.5, Number.NaN])('rejects position %d', (position) => {
    expect(() => PacketLogBatch.from(bytes, position)).toThrow(RangeError);
  });

  it('returns a batch or throws a BatchFormatError for any change of a header', () => {
    const change = fc.tuple(fc.nat({ max: BATCH_HEADER_SIZE - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.nat({ max: bytes.length }),
        (changes, length) => {
          const copy = bytes.slice();
          for (const [offset, value] of changes) copy[offset] = value;
          const error = errorOf(() => [...PacketLogBatch.from(copy.subarray(0, length))]);
          expect(error === undefined || error instanceof BatchFormatError).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('readBatches', () => {
  const second = encodeBatch({ sequence: 6 }, records.slice(1, 2));
  const file = new Uint8Array(bytes.length + second.length);
  file.set(bytes);
  file.set(second, bytes.length);

  it('returns the batches of a file in order', () => {
    expect([...readBatches(file)].map((batch) => [batch.sequence, batch.length])).toEqual([
      [5, 3],
      [6, 1],
    ]);
    expect([...readBatches(file)].flatMap((batch) => [...batch])).toEqual([...records, ...records.slice(1, 2)]);
  });

  it('returns nothing for an empty file', () => {
    expect([...readBatches(new Uint8Array())]).toEqual([]);
  });

  it('returns the complete batches of a truncated file, then throws with the position', () => {
    const sequences: number[] = [];
    const error = errorOf(() => {
      for (const batch of readBatches(file.subarray(0, file.length - 1))) sequences.push(batch.sequence);
    });
    expect(sequences).toEqual([5]);
    expect(error).toBeInstanceOf(BatchFormatError);
    expect(error).toMatchObject({ code: 'short', position: bytes.length });
  });
});
