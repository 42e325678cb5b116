import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_SEGMENT_RECORDS } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import {
  directory,
  kinds,
  modeOf,
  numbered,
  START_MS,
  segmentSizes,
  start,
  useRecordDirectory,
} from '../../../test/support/recorder-fixture.ts';
import { readBookmarks } from '../format/bookmarks.ts';

useRecordDirectory();

describe('bookmarks', () => {
  it('keeps the segments of a bookmark, also after a restart, until it is removed', () => {
    const first = start();
    for (let i = 0; i < 3; i++) {
      first.append(MAX_SEGMENT_RECORDS);
      first.time.ms += 60_000;
    }
    const at = (minute: number) => BigInt(START_MS + minute * 60_000) * 1_000_000n;
    const sizes = segmentSizes();
    const result = first.it.bookmark({ fromNs: at(1) - 1n, toNs: at(1) + 1n, note: 'the attack' });
    expect(result).toMatchObject({ bookmark: { id: 1, note: 'the attack' }, bytes: sizes[1] });
    first.it.close();
    expect(modeOf(join(directory, 'bookmarks.json'))).toBe(0o600);
    const room = 2 * (sizes[1] ?? 0) + 20_000;
    const second = start({ maxBytes: room, maxAgeMs: 30_000 });
    second.time.ms += 400_000;
    second.it.tick();
    expect(kinds()).toEqual(['2 zstd']);
    expect(second.it.unbookmark(2)).toBe(false);
    expect(second.it.unbookmark(1)).toBe(true);
    expect(kinds()).toEqual([]);
    expect(readdirSync(directory).filter((name) => name.endsWith('.rates'))).toEqual([]);
    expect(readBookmarks(directory)?.bookmarks).toEqual([]);
  });

  it('bookmarks packets that were written after the end of their range', () => {
    const { it: recorder, time } = start();
    time.ms += 800;
    recorder.append(numbered(0, 10, START_MS), 10);
    const at = (ms: number) => BigInt(START_MS + ms) * 1_000_000n;
    expect(recorder.bookmark({ fromNs: at(0), toNs: at(500), note: '' })).toMatchObject({ bookmark: { id: 1 } });
    expect(recorder.bookmark({ fromNs: at(-500), toNs: at(0), note: '' })).toHaveProperty('problem');
  });

  it('rejects a bookmark without packets, and one for which there is not room enough', () => {
    const { it: recorder, append, time } = start({ maxBytes: 2 ** 20 });
    append(MAX_SEGMENT_RECORDS);
    const nowNs = BigInt(time.ms) * 1_000_000n;
    const none = recorder.bookmark({ fromNs: nowNs + 10_000_000n, toNs: nowNs + 20_000_000n, note: '' });
    expect(none).toEqual({ problem: expect.stringContaining('No packets are recorded in this range') });
    append(1);
    const tooMuch = recorder.bookmark({ fromNs: nowNs, toNs: nowNs + 1n, note: '' });
    expect(tooMuch).toEqual({ problem: expect.stringMatching(/would take \d+ MiB, and may take 1 MiB, half of/) });
    expect(existsSync(join(directory, 'bookmarks.json'))).toBe(false);
  });

  it('ends a bookmark now, so that it does not grow', () => {
    const { it: recorder, append, time } = start();
    append(10);
    recorder.bookmark({ fromNs: 0n, toNs: 2n ** 62n, note: '' });
    const nowNs = BigInt(time.ms) * 1_000_000n;
    expect(readBookmarks(directory)?.bookmarks).toMatchObject([{ to_ns: nowNs + 1_000_000n }]);
  });

  it('moves a damaged file of bookmarks aside, and says that it keeps no segment for it', () => {
    start().append(1);
    writeFileSync(join(directory, 'bookmarks.json'), '{"bookmarks":');
    const { it: recorder, changes } = start();
    expect(existsSync(join(directory, 'bookmarks.json.damaged'))).toBe(true);
    expect(changes).toEqual([
      { warning: expect.stringContaining(`renamed to ${directory}/bookmarks.json.damaged: repair`) },
    ]);
    expect(recorder.unbookmark(1)).toBe(false);
  });

  it('warns once of bookmarks for which a lower limit leaves no room', () => {
    const first = start();
    first.append(MAX_SEGMENT_RECORDS);
    first.it.bookmark({ fromNs: 0n, toNs: 2n ** 62n, note: '' });
    first.it.close();
    const [size] = segmentSizes();
    const { changes, pass } = start({ maxBytes: 1.5 * (size ?? 0) });
    for (let i = 0; i < 3; i++) pass(1000);
    expect(changes).toEqual([{ warning: expect.stringMatching(/so these keep no packets: 1\. Raise --record-size/) }]);
  });
});
