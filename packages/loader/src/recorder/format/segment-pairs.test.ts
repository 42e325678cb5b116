import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  columnsOf,
  PAIR_FIELDS,
  PairColumns,
  pairSumsOf,
  SegmentFormatError,
  type WholePairSums,
} from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GeneratedTraffic } from '../../../test/support/generated-traffic.ts';
import { decodePairs, encodePairs } from './pair-codec.ts';
import { SealedSegment } from './sealed-segment.ts';
import { readPairs } from './segment-pairs.ts';
import { removeSums, sumsPath } from './sums-file.ts';
import { type WrittenSegment, writeSegment } from './write-segment.ts';

const RECORDS = 20_000;
const records = new GeneratedTraffic({ seed: 5 }).take(RECORDS);
const columns = columnsOf(records);
const sums = pairSumsOf(columns, RECORDS, RECORDS) as WholePairSums;

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-pairs-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function read(file: WrittenSegment): PairColumns | undefined {
  using segment = SealedSegment.open(file);
  return segment && readPairs(directory, segment, { withBytes: true });
}

/** Values of getters, too. */
function plain(column: PairColumns[keyof PairColumns] | undefined) {
  return typeof column === 'object' && 'dictionary' in column ? [column.dictionary, column.indexes] : column;
}

describe('the sums of a segment by pair', () => {
  it.each(['zstd', 'gzip'] as const)('are written beside it, for its owner only (%s)', (compression) => {
    const file = writeSegment(directory, 7, records, { node: 'n', compression });
    const path = sumsPath(directory, 7, 'pairs');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const expected = new PairColumns(sums, {
      size: (field) => columns[field].dictionary.length / 16,
      read: (field) => columns[field].dictionary,
    });
    using segment = SealedSegment.open(file);
    const pairs = segment && readPairs(directory, segment, { withBytes: true });
    expect(pairs?.count).toBeGreaterThan(1000);
    for (const name of ['count', ...PAIR_FIELDS, 'packets', 'bytes', 'records', 'ports'] as const) {
      expect(plain(pairs?.[name]), name).toEqual(plain(expected[name]));
    }
    // What they cost.
    expect(statSync(path).size).toBeLessThan(file.bytes / 20);
  });

  it('can be read of some sources only, and are checked as a whole', () => {
    const file = writeSegment(directory, 7, records, { node: 'n' });
    using segment = SealedSegment.open(file) as SealedSegment;
    const size = segment.dictionarySize('src_addr');
    const wanted = Uint8Array.from({ length: size }, (_, i) => (i % 3 === 1 ? 1 : 0));
    const all = readPairs(directory, segment, { withBytes: true }) as PairColumns;
    const some = readPairs(directory, segment, { withBytes: true, sources: wanted }) as PairColumns;
    const entries = [...all.src_addr.indexes.keys()].filter((i) => wanted[all.src_addr.indexes[i] as number] === 1);
    expect(some.count).toBe(entries.length);
    expect(entries.length).toBeGreaterThan(100);
    for (const name of ['ether_type', 'ip_protocol', 'action', 'rule_id', 'packets', 'bytes', 'records'] as const) {
      expect([...(some[name] ?? [])], name).toEqual(entries.map((i) => all[name]?.[i]));
    }
    expect([...some.src_addr.indexes]).toEqual(entries.map((i) => all.src_addr.indexes[i]));
    expect(some.ports).toBeUndefined();
    const { permit } = file.index.actions;
    const changed = { ...file.index.actions, permit: { ...permit, records: permit.records + 1 } };
    Object.defineProperty(segment, 'index', { value: { ...file.index, actions: changed } });
    expect(readPairs(directory, segment, { withBytes: true, sources: new Uint8Array(size) })).toBeUndefined();
  });

  it('are not used if a source is in no dictionary, also if it is not wanted', () => {
    const file = writeSegment(directory, 7, records, { node: 'n' });
    using segment = SealedSegment.open(file) as SealedSegment;
    const size = segment.dictionarySize('src_addr');
    const wanted = { withBytes: false, sources: new Uint8Array(size) };
    expect(readPairs(directory, segment, wanted)?.count).toBe(0);
    Object.defineProperty(segment, 'dictionarySize', { value: () => size - 1 });
    expect(readPairs(directory, segment, wanted)).toBeUndefined();
  });

  it('are not written if they are as many as the records, and older ones are removed', () => {
    writeSegment(directory, 7, records, { node: 'n' });
    const scan = records.slice(0, 64 * 100);
    for (let i = 0; i < 100; i++) scan[64 * i + 8] = i;
    writeSegment(directory, 7, scan, { node: 'n' });
    expect(existsSync(sumsPath(directory, 7, 'pairs'))).toBe(false);
    expect(existsSync(sumsPath(directory, 7, 'rates'))).toBe(true);
  });

  it('are not used if they are damaged, missing, or of another segment', () => {
    const file = writeSegment(directory, 7, records, { node: 'n' });
    const path = sumsPath(directory, 7, 'pairs');
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at += 97) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      writeFileSync(path, damaged);
      expect(read(file)).toBeUndefined();
      writeFileSync(path, whole.subarray(0, at));
      expect(read(file)).toBeUndefined();
    }
    const other = writeSegment(directory, 8, records.subarray(0, 64 * (RECORDS - 1)), { node: 'n' });
    writeFileSync(path, readFileSync(sumsPath(directory, other.sequence, 'pairs')));
    expect(read(file)).toBeUndefined();
    writeFileSync(path, whole);
    expect(read(file)).toBeDefined();
    removeSums(directory, 7);
    expect(read(file)).toBeUndefined();
    mkdirSync(path);
    expect(read(file)).toBeUndefined();
  });

  it('are not used if the content is wrong and the checksum right', () => {
    const file = writeSegment(directory, 7, records, { node: 'n' });
    const path = sumsPath(directory, 7, 'pairs');
    const whole = readFileSync(path);
    const put = (content: Uint8Array, size: number) => {
      const bytes = Buffer.concat([whole.subarray(0, 28), content]);
      bytes.writeUInt32LE(size, 24);
      bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
      writeFileSync(path, bytes);
    };
    const frame = whole.subarray(28);
    put(frame, whole.readUInt32LE(24));
    expect(read(file)).toBeDefined();
    for (const size of [0, 100, 2 ** 32 - 1]) {
      put(frame, size);
      expect(read(file)).toBeUndefined();
    }
    put(Buffer.from('no frame'), 100);
    expect(read(file)).toBeUndefined();
  });

  it('are not used if they do not agree with the segment', () => {
    const file = writeSegment(directory, 7, records, { node: 'n' });
    for (const field of ['packets', 'bytes', 'records'] as const) {
      using segment = SealedSegment.open(file);
      const { deny } = file.index.actions;
      const changed = { ...file.index.actions, deny: { ...deny, [field]: deny[field] + 1 } };
      Object.defineProperty(segment, 'index', { value: { ...file.index, actions: changed } });
      expect(readPairs(directory, segment as SealedSegment, { withBytes: true })).toBeUndefined();
    }
  });
});

describe('the codec of sums by pair', () => {
  it('keeps everything, also of sampled records', () => {
    expect(decodePairs(encodePairs(sums), true)).toEqual(sums);
    const sampled = {
      ...sums,
      packets: sums.packets.map((each) => 8 * each),
      bytes: sums.bytes.map((each) => 2 ** 20 * each),
    };
    expect(decodePairs(encodePairs(sampled), true)).toEqual(sampled);
  });

  it('keeps numbers of one byte and of more', () => {
    const packets = sums.packets.map((_, i) => [0, 1, 254, 255, 256, 2 ** 40][i % 6] as number);
    const large = { ...sums, packets, bytes: packets.map((each) => 70 * each) };
    expect(decodePairs(encodePairs(large), true)).toEqual(large);
  });

  it('reports bytes that are not sums, and nothing else', () => {
    const encoded = encodePairs(sums);
    for (let at = 0; at < encoded.length; at += 61) {
      expect(() => decodePairs(encoded.subarray(0, at), true)).toThrow(SegmentFormatError);
    }
    for (let at = 0; at < 200; at++) {
      for (const value of [0, 0x7f, 0xff]) {
        const changed = encoded.slice();
        changed[at] = value;
        try {
          decodePairs(changed, true);
        } catch (error) {
          expect(error).toBeInstanceOf(SegmentFormatError);
        }
      }
    }
    expect(() => decodePairs(Uint8Array.of(...encoded, 0), true)).toThrow('1 bytes too many');
    expect(() => decodePairs(new Uint8Array(20).fill(0xff), true)).toThrow('too long');
  });
});
