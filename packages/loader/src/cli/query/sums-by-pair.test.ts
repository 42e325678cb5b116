/** Counts and top lists with and without the sums by pair beside the segments. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKET_LOG_SIZE, parseFilter } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GeneratedTraffic } from '../../../test/support/generated-traffic.ts';
import { PastBlocks } from '../../past/reading/past-blocks.ts';
import { InterfaceHistory, segmentName, type WrittenSegment, writeSegment } from '../../recorder/format/index.ts';
import { removeSums } from '../../recorder/format/sums-file.ts';
import { countOf, topOf } from './sums.ts';
import { topOption } from './top-names.ts';

const T = 1_700_000_000_000_000_000n;
const PER_SEGMENT = 20_000;
const TOPS = ['source', 'destination', 'proto', 'ether', 'iface', 'rule', 'action', 'port', 'source-port-pair'];
const FILTERS = [
  undefined,
  'deny',
  'src net 172.16.0.0/12',
  'ip6 and not deny',
  'rule 8 or udp',
  'iface lan0 and tcp',
  'tcp dst port 22',
  'src host 203.0.113.250',
];

/** Every ninth record stands for several packets, and some came from another interface. */
function changed(records: Uint8Array): Uint8Array {
  const data = new DataView(records.buffer, records.byteOffset, records.byteLength);
  for (let i = 0; i < records.length / PACKET_LOG_SIZE; i++) {
    const at = i * PACKET_LOG_SIZE;
    if (i % 9 === 0) data.setUint16(at + 50, 1 + (i % 5), true);
    if (i % 4 === 0) data.setUint32(at + 44, 3, true);
  }
  return records;
}

const parts = [0, 1, 2, 3].map((i) =>
  changed(new GeneratedTraffic({ seed: i + 1, startNs: T + BigInt(i) * 200n * 10n ** 9n }).take(PER_SEGMENT)),
);
const time = (part: number, record: number) =>
  new DataView((parts[part] as Uint8Array).buffer).getBigUint64(record * PACKET_LOG_SIZE, true);
/** In the middle of the first segment, so that its records must be read. */
const RANGE = { fromNs: time(0, PER_SEGMENT / 2), toNs: undefined };
/** In the middle of the third segment. */
const RENAMED = time(2, PER_SEGMENT / 2);
const HISTORY = new InterfaceHistory([
  { kind: 'interfaces', at_ns: T, names: { 2: 'eth0', 3: 'lan0' } },
  { kind: 'interfaces', at_ns: RENAMED, names: { 2: 'lan0', 3: 'eth0' } },
]);

let directory = '';
let segments: WrittenSegment[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-sums-by-pair-'));
  segments = parts.slice(0, 3).map((part, i) => writeSegment(directory, i + 1, part, { node: 'n' }));
  writeFileSync(join(directory, segmentName(4, 'hot')), parts[3] as Uint8Array);
});
afterEach(() => rmSync(directory, { recursive: true }));

function asked(filter: string | undefined, top?: string) {
  const blocks = new PastBlocks(directory, HISTORY);
  const request = { range: RANGE, filter: filter === undefined ? undefined : parseFilter(filter) };
  const answer = top === undefined ? countOf(blocks, request) : topOf(blocks, request, topOption(top), 12);
  return { answer, corrupt: blocks.corrupt.map(({ file }) => file) };
}

describe('sums by pair', () => {
  it.each(FILTERS)('give the same counts and top lists as the records: %s', (filter) => {
    const ask = () => [asked(filter), ...TOPS.map((top) => asked(filter, top))];
    const byPairs = ask();
    expect(byPairs[0]).toMatchObject({ corrupt: [] });
    for (const { sequence } of segments) removeSums(directory, sequence);
    expect(byPairs).toEqual(ask());
  });

  /** Damages all columns but the dictionaries. */
  const damage = ({ path, index }: WrittenSegment) => {
    const bytes = readFileSync(path);
    for (const { offset, kind } of index.frames) {
      if (kind !== 'dictionary') bytes[offset] = (bytes[offset] as number) ^ 0x10;
    }
    writeFileSync(path, bytes);
  };

  it('are read in place of the records of a segment in the range', () => {
    const questions = [
      () => asked('deny'),
      () => asked('src net 172.16.0.0/12'),
      () => asked(undefined, 'source'),
      () => asked('ip6', 'rule'),
      () => asked(undefined, 'iface'),
    ];
    const expected = questions.map((ask) => ask());
    damage(segments[1] as WrittenSegment);
    expect(questions.map((ask) => ask())).toEqual(expected);
    // Ports are not among them.
    expect(asked('tcp dst port 22').corrupt).toEqual([segments[1]?.path]);
    expect(asked(undefined, 'source-port-pair').corrupt).toEqual([segments[1]?.path]);
  });

  it('are not read for a segment that is only partly in the range, or in which an interface was renamed', () => {
    for (const each of [segments[0], segments[2]]) damage(each as WrittenSegment);
    expect(asked('deny').corrupt).toEqual([segments[0]?.path]);
    expect(asked('iface lan0').corrupt).toEqual([segments[0]?.path, segments[2]?.path]);
    expect(asked(undefined, 'iface').corrupt).toEqual([segments[0]?.path, segments[2]?.path]);
  });
});
