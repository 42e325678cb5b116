import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { MAX_SEGMENT_RECORDS, PACKET_LOG_SIZE } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import {
  directory,
  entries,
  kinds,
  modeOf,
  numbered,
  parent,
  RING,
  recorded,
  START_MS,
  segmentSizes,
  start,
  upTo,
  useRecordDirectory,
} from '../../../test/support/recorder-fixture.ts';
import { readJournal } from '../format/segment-journal.ts';
import { journalBytes } from './compact-journal.ts';

useRecordDirectory();

describe('SegmentRecorder', () => {
  it('appends to a hot file, and seals it when it is full', () => {
    const { append, count, it: recorder } = start();
    append(MAX_SEGMENT_RECORDS - 1);
    expect(kinds()).toEqual(['1 hot']);
    append(3);
    expect(kinds()).toEqual(['1 zstd', '2 hot']);
    expect(recorded()).toEqual(upTo(MAX_SEGMENT_RECORDS + 2));
    recorder.close();
    expect(count('recorded')).toBe(MAX_SEGMENT_RECORDS + 2);
    expect(count('bytes')).toBe(segmentSizes().reduce((sum, bytes) => sum + bytes, 0));
    expect(readJournal(directory).entries.map(({ kind }) => kind)).toEqual(['start', 'stop']);
  });

  it('creates files that others may not read', () => {
    start().append(1);
    for (const name of readdirSync(directory)) expect(modeOf(join(directory, name))).toBe(0o600);
    expect(modeOf(directory)).toBe(0o700);
  });

  it('continues the hot file of an earlier recorder, without a record that is not whole', () => {
    const first = start();
    first.append(10);
    first.it.close();
    appendFileSync(join(directory, '00000001.hot'), new Uint8Array(63));
    const second = start();
    second.append(5, 10);
    expect(kinds()).toEqual(['1 hot']);
    expect(recorded()).toEqual(upTo(15));
  });

  it('counts the records that a killed recorder had taken and not written', () => {
    start({}, { ...RING, before: 100 }).append(10);
    // It had taken 30 out of the ring; 20 of them were on their way.
    start({}, { ...RING, before: 130 });
    expect(entries('gap')).toMatchObject([{ records: 20, cause: 'the recorder was killed' }]);
  });

  it('counts records that were written just before the kill as recorded', () => {
    start().append(10);
    appendFileSync(join(directory, '00000001.hot'), numbered(10, 4, START_MS));
    start({}, { ...RING, before: 14 });
    expect(entries('gap')).toEqual([]);
  });

  it.each([
    ['a segment that was full', MAX_SEGMENT_RECORDS],
    ['a segment that was sealed early', 7],
  ])('counts no gap after %s', (_, count) => {
    const { append, pass } = start({ maxAgeMs: 80_000 });
    append(count);
    pass(10_001);
    start({ maxAgeMs: 80_000 }, { ...RING, before: count });
    expect(entries('gap')).toEqual([]);
  });

  it.each([
    ['other rings', { ...RING, rings: 8, before: 50 }],
    ['another boot', { ...RING, bootId: 'next', before: 50 }],
  ])('reports no gap for %s, whose positions are not comparable', (_, ring) => {
    start().append(10);
    start({}, ring);
    expect(entries('gap')).toEqual([]);
  });

  it('starts without a progress file, or with a damaged one', () => {
    start().append(10);
    writeFileSync(join(directory, 'progress.json'), '{"position":');
    const { append } = start({}, { ...RING, before: 50 });
    append(1, 10);
    expect(recorded()).toEqual(upTo(11));
  });

  it('deletes the oldest segments when all take too much room, and says what expired', () => {
    const { append, count, pass } = start({ maxBytes: 5 * 2 ** 20 });
    for (let i = 0; i < 3; i++) append(MAX_SEGMENT_RECORDS);
    const [, two, three] = segmentSizes();
    const small = start({ maxBytes: (two ?? 0) + (three ?? 0) });
    small.pass(1000);
    expect(kinds()).toEqual(['2 zstd', '3 zstd']);
    expect(small.count('expired')).toBe(MAX_SEGMENT_RECORDS);
    expect(entries('expired')).toMatchObject([
      { file: '00000001.native.zst', records: MAX_SEGMENT_RECORDS, permits: MAX_SEGMENT_RECORDS, denies: 0 },
    ]);
    pass(1000);
    expect(count('expired')).toBe(0);
  });

  it('keeps its journal small, and counts it as room', () => {
    const { it: recorder, append, pass, count } = start();
    append(1);
    for (let i = 0; i < 3000; i++) recorder.interfaces({ [i]: 'x'.repeat(100) });
    pass(1000);
    const bytes = journalBytes(directory);
    expect(count('bytes')).toBe(bytes + PACKET_LOG_SIZE);
    expect(bytes).toBeLessThan(2000);
    expect(entries('interfaces').at(-1)).toMatchObject({ names: { 2999: 'x'.repeat(100) } });
  });

  it('leaves a directory alone in which another process records, until that has ended', () => {
    start().append(5);
    const path = join(directory, 'progress.json');
    const other = (started?: string) => {
      const progress = JSON.parse(readFileSync(path, 'utf8')) as object;
      writeFileSync(path, JSON.stringify({ ...progress, pid: 1, started }));
    };
    other(readFileSync('/proc/1/stat', 'utf8').split(') ').at(-1)?.split(' ')[19]);
    const second = start();
    second.append(3, 5);
    expect(second.changes).toEqual([{ problem: 'packetlog with pid 1 records there; use another --record-dir' }]);
    expect(second.count('lost')).toBe(3);
    expect(recorded()).toEqual(upTo(5));
    // Another process has that pid now.
    other('1234567890123');
    second.pass(2000);
    second.append(2, 5);
    expect(recorded()).toEqual(upTo(7));
  });

  it('deletes what is too old, also if little is recorded', () => {
    const { append, pass, count } = start({ maxAgeMs: 60_000 });
    append(5);
    pass(7501);
    expect(kinds()).toEqual(['1 zstd']);
    append(5);
    pass(52_500);
    expect(recorded()).toEqual([5, 6, 7, 8, 9]);
    expect(count('expired')).toBe(5);
  });

  it('counts what a removed directory cannot take, resumes, and says what is missing', () => {
    const { append, pass, count, changes, it: recorder } = start();
    recorder.interfaces({ 3: 'eth0' });
    append(10);
    renameSync(directory, join(parent, 'moved'));
    rmSync(join(parent, 'moved'), { recursive: true });
    writeFileSync(directory, 'in the way');
    pass(1000);
    append(20);
    expect(changes).toMatchObject([{ problem: 'the directory was removed' }]);
    expect([count('recorded'), count('lost'), count('recording')]).toEqual([10, 20, 0]);
    pass(2000);
    append(5);
    expect(changes).toHaveLength(1);
    rmSync(directory);
    pass(2000);
    append(3, 35);
    expect(changes[1]).toEqual({ lost: 25 });
    expect([count('recorded'), count('lost'), count('recording')]).toEqual([13, 25, 1]);
    expect(recorded()).toEqual([35, 36, 37]);
    expect(entries('gap')).toMatchObject([{ records: 25 }]);
    expect(entries('interfaces')).toMatchObject([{ names: { 3: 'eth0' } }]);
  });

  it('keeps a full hot file that cannot be sealed, and seals it later', () => {
    const { append, pass, count, changes } = start();
    append(10);
    mkdirSync(join(directory, '00000001.native.zst.tmp'));
    append(MAX_SEGMENT_RECORDS);
    expect(changes).toHaveLength(1);
    expect([count('recorded'), count('lost')]).toEqual([MAX_SEGMENT_RECORDS, 10]);
    rmdirSync(join(directory, '00000001.native.zst.tmp'));
    pass(2000);
    expect(changes[1]).toEqual({ lost: 10 });
    expect(kinds()).toEqual(['1 zstd']);
    append(3, MAX_SEGMENT_RECORDS);
    expect(recorded()).toEqual(upTo(MAX_SEGMENT_RECORDS + 3));
    start({}, { ...RING, before: MAX_SEGMENT_RECORDS + 13 });
    expect(entries('gap')).toMatchObject([{ records: 10 }]);
  });

  it('starts recording later where the directory cannot be created at first', () => {
    writeFileSync(directory, 'in the way');
    const { append, pass, count, changes } = start();
    append(4);
    expect([count('lost'), count('recording'), changes.length]).toEqual([4, 0, 1]);
    rmSync(directory);
    pass(2000);
    append(2, 4);
    expect([count('recorded'), count('lost'), count('recording')]).toEqual([2, 4, 1]);
    expect(readJournal(directory).entries.map(({ kind }) => kind)).toEqual(['start', 'gap']);
  });

  it('notes records that did not reach it', () => {
    const { it: recorder, append, pass } = start();
    append(1);
    recorder.missed(8);
    pass(1000);
    expect(entries('gap')).toMatchObject([{ records: 8, cause: 'the recorder was too slow' }]);
    start({}, { ...RING, before: 9 });
    expect(entries('gap')).toHaveLength(1);
  });

  it('records any sequence of pieces exactly once, in order', () => {
    const { append, pass, count } = start();
    let total = 0;
    for (let i = 0; total < 3 * MAX_SEGMENT_RECORDS; i++) {
      const size = (i * 7919) % 4096;
      append(size);
      total += size;
      if (i % 10 === 0) pass(100);
    }
    expect(count('recorded')).toBe(total);
    expect(recorded()).toEqual(upTo(total));
  });
});
