import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { columnsOf, factsOf, PACKET_LOG_SIZE } from '@packetlog/common';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GeneratedTraffic } from '../../../test/support/generated-traffic.ts';
import { CorruptSegmentError } from './corrupt-segment-error.ts';
import { openSegment } from './open-segment.ts';
import { sealSegment } from './seal-segment.ts';
import type { Segment } from './segment.ts';
import { listSegments } from './segment-files.ts';
import { segmentName } from './segment-name.ts';
import { verifySegment } from './verify-segment.ts';
import { repairHotFile, writeSegment } from './write-segment.ts';

const KINDS = ['zstd', 'gzip'] as const;
const traffic = new GeneratedTraffic({ seed: 7 }).take(400);

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-segments-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function onlySegment(): Segment {
  const [file, ...others] = listSegments(directory);
  expect(others).toEqual([]);
  const segment = file && openSegment(file);
  if (segment === undefined) throw new Error('there is no segment');
  return segment;
}

describe.each(KINDS)('a segment sealed with %s', (compression) => {
  it('has the records, the facts and the node', () => {
    const anyRecords = fc.uint8Array({ minLength: 64, maxLength: 64 * 40 });
    fc.assert(
      fc.property(anyRecords, (bytes) => {
        const records = bytes.subarray(0, bytes.length - (bytes.length % PACKET_LOG_SIZE));
        writeSegment(directory, 1, records, { node: 'ä', compression });
        using segment = onlySegment();
        expect(verifySegment(segment)).toEqual([]);
        expect(segment.records()).toEqual(records.slice());
        expect(segment.facts).toMatchObject(factsOf(columnsOf(records)));
        expect(segment.node).toBe('ä');
        const { dst_addr, weight, count } = segment.columns(['dst_addr', 'weight']);
        const all = columnsOf(records);
        expect({ dst_addr, weight, count }).toEqual({ dst_addr: all.dst_addr, weight: all.weight, count: all.count });
      }),
    );
  });

  it('frees the addresses that it returned when it is closed', () => {
    writeSegment(directory, 1, traffic, { node: 'n', compression });
    const segment = onlySegment();
    const addresses = segment.dictionary('src_addr');
    expect(addresses).toEqual(columnsOf(traffic).src_addr.dictionary);
    const { src_addr } = segment.columns(['src_addr']);
    segment[Symbol.dispose]();
    expect(addresses).toHaveLength(0);
    expect(src_addr).toEqual(columnsOf(traffic).src_addr);
  });

  it('is read by column: damage elsewhere does not matter', () => {
    const { bytes, index } = sealSegment(traffic, { node: 'n', compression });
    const damaged = index.frames.find(({ column }) => column === 'src_port') ?? { offset: 0, bytes: 0 };
    bytes.fill(0xaa, damaged.offset, damaged.offset + damaged.bytes);
    const path = join(directory, segmentName(3, compression));
    writeFileSync(path, bytes);
    using segment = onlySegment();
    expect(segment.columns(['src_addr', 'dst_port'])).toMatchObject({ count: 400 });
    const facts = { file: path, column: 'src_port', offset: damaged.offset, problem: 'its checksum is wrong' };
    expect(() => segment.records()).toThrow(expect.objectContaining(facts));
    expect(verifySegment(segment)).toEqual([expect.objectContaining(facts)]);
    expect(verifySegment(segment)[0]?.message).toBe(
      `read segment ${path}: src_port at byte ${damaged.offset} is damaged: its checksum is wrong.`,
    );
  });

  it('gets its index from the frames if the index is damaged', () => {
    const { bytes, index } = sealSegment(traffic, { node: 'n', compression });
    const end = index.frames.reduce((sum, frame) => sum + frame.bytes, 0);
    bytes[end + 40] = (bytes[end + 40] as number) ^ 1;
    writeFileSync(join(directory, segmentName(1, compression)), bytes);
    using segment = onlySegment();
    expect(segment.facts).toEqual(index);
    expect(segment.records()).toEqual(traffic);
    expect(verifySegment(segment)).toEqual([expect.objectContaining({ column: 'index' })]);
  });

  it('with any bit flipped, or cut anywhere, is found damaged, and never crashes the reader', () => {
    const records = traffic.subarray(0, 5 * PACKET_LOG_SIZE);
    const { bytes } = sealSegment(records, { node: 'n', compression });
    const path = join(directory, segmentName(1, compression));
    const problems = (changed: Uint8Array): readonly CorruptSegmentError[] => {
      writeFileSync(path, changed);
      try {
        using segment = onlySegment();
        return verifySegment(segment);
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptSegmentError);
        return [error as CorruptSegmentError];
      }
    };
    expect(problems(bytes)).toEqual([]);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Uint8Array.from(bytes);
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      expect(problems(flipped), `byte ${at} flipped`).not.toEqual([]);
      // Each cut takes longer: the index is rebuilt from the frames that are left.
      if (at % 7 === 0) expect(problems(bytes.subarray(0, at)), `cut at ${at}`).not.toEqual([]);
    }
    expect(problems(Buffer.concat([bytes, Buffer.of(0)]))).not.toEqual([]);
  });
});

describe('a hot segment', () => {
  it('has the whole records of its file', () => {
    const path = join(directory, segmentName(1, 'hot'));
    writeFileSync(path, traffic.subarray(0, 3 * PACKET_LOG_SIZE + 63));
    using segment = onlySegment();
    expect(segment.records()).toEqual(Buffer.from(traffic.subarray(0, 3 * PACKET_LOG_SIZE)));
    expect(segment.facts.records).toBe(3);
    expect(verifySegment(segment)).toEqual([]);
    expect(repairHotFile(path)).toHaveLength(3 * PACKET_LOG_SIZE);
    expect(readFileSync(path)).toHaveLength(3 * PACKET_LOG_SIZE);
  });

  it('is replaced by the sealed one', () => {
    writeFileSync(join(directory, segmentName(4, 'hot')), traffic);
    const [hot] = listSegments(directory);
    const written = writeSegment(directory, 4, traffic, { node: 'n' });
    expect(listSegments(directory)).toEqual([expect.objectContaining({ path: written.path, bytes: written.bytes })]);
    // Listed before, opened after it was sealed.
    using segment = hot && openSegment(hot);
    expect(segment?.records()).toEqual(traffic);
    expect(segment?.file.path).toBe(written.path);
  });

  it.each([
    ['whole', 'zstd'],
    ['damaged', 'hot'],
  ])('counts only if the sealed one beside it is damaged: it is %s', (state, kind) => {
    const { path } = writeSegment(directory, 1, traffic, { node: 'n', compression: 'zstd' });
    writeFileSync(join(directory, segmentName(1, 'hot')), traffic);
    if (state === 'damaged') writeFileSync(path, readFileSync(path).fill(1, 500, 510));
    expect(listSegments(directory)).toEqual([expect.objectContaining({ kind })]);
  });
});

describe('the segments of a directory', () => {
  it('are in the order of their numbers; other files are ignored', () => {
    for (const sequence of [10, 9, 100_000_000]) writeSegment(directory, sequence, traffic, { node: 'n' });
    writeSegment(directory, 2, traffic, { node: 'n', compression: 'gzip' });
    const [{ path } = { path: '' }] = listSegments(directory);
    for (const name of ['journal.ndjson', '1.hot', '00000003.native.zst.tmp', 'x00000001.hot']) {
      copyFileSync(path, join(directory, name));
    }
    const found = listSegments(directory).map(({ sequence, kind }) => [sequence, kind]);
    expect(found).toEqual([
      [2, 'gzip'],
      [9, 'zstd'],
      [10, 'zstd'],
      [100_000_000, 'zstd'],
    ]);
  });

  it('may vanish after they were listed', () => {
    writeSegment(directory, 1, traffic, { node: 'n' });
    writeFileSync(join(directory, segmentName(2, 'hot')), traffic);
    const files = listSegments(directory);
    for (const { path } of files) rmSync(path);
    expect(files.map(openSegment)).toEqual([undefined, undefined]);
  });
});
