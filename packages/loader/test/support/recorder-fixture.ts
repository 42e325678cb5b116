/** For tests: a recorder with a clock of its own, and what it wrote. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FIELD_OFFSETS, PACKET_LOG_SIZE } from '@packetlog/common';
import { afterEach, beforeEach } from 'vitest';
import { makeRecorderCounts, type RecorderCount, RecorderCounts } from '../../src/ipc/recorder-counts.ts';
import type { JournalEntry, JournalEntryOf } from '../../src/recorder/format/journal-entry.ts';
import { openSegment } from '../../src/recorder/format/open-segment.ts';
import { listSegments } from '../../src/recorder/format/segment-files.ts';
import { readJournal } from '../../src/recorder/format/segment-journal.ts';
import { sumsBytes } from '../../src/recorder/format/sums-file.ts';
import type { RecorderSettings } from '../../src/recorder/writer/recorder-settings.ts';
import { type RecordingChange, SegmentRecorder } from '../../src/recorder/writer/segment-recorder.ts';

export const START_MS = 1_700_000_000_000;
export const RING = { bootId: 'boot', rings: 7, before: 0 };

/** New for each test: the directory of the segments, and the one around it. */
export let directory = '';
export let parent = '';

/** Call once in each test file. */
export function useRecordDirectory(): void {
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'packetlog-recorder-'));
    directory = join(parent, 'record');
  });
  afterEach(() => rmSync(parent, { recursive: true }));
}

export function numbered(from: number, count: number, atMs: number): Uint8Array {
  const bytes = new Uint8Array(count * PACKET_LOG_SIZE);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) {
    view.setBigUint64(i * PACKET_LOG_SIZE, BigInt(atMs) * 1_000_000n, true);
    view.setUint32(i * PACKET_LOG_SIZE + FIELD_OFFSETS.rule_id, from + i, true);
    view.setUint16(i * PACKET_LOG_SIZE + FIELD_OFFSETS.weight, 1, true);
    bytes[i * PACKET_LOG_SIZE + FIELD_OFFSETS.action] = 2;
  }
  return bytes;
}

/** Starts a recorder in the directory. */
export function start(more: Partial<RecorderSettings> = {}, ring = RING) {
  const time = { ms: START_MS };
  const counts = new RecorderCounts(makeRecorderCounts());
  const changes: RecordingChange[] = [];
  const settings = { ...{ directory, maxBytes: 2 ** 30, maxAgeMs: undefined }, ...more };
  const it = new SegmentRecorder(
    { permitsPerSecond: Number.POSITIVE_INFINITY, anonymize: false, node: 'n', ...settings },
    counts,
    ring,
    {
      now: () => time.ms,
      monotonic: () => time.ms,
      changed: (change) => changes.push(change),
      sealed: () => {},
      version: '1',
    },
  );
  let next = 0;
  return {
    it,
    time,
    changes,
    count: (name: RecorderCount) => counts.get(name),
    append: (count: number, from = next) => {
      it.append(numbered(from, count, time.ms), count);
      next = from + count;
    },
    pass: (ms: number) => {
      time.ms += ms;
      it.tick();
    },
  };
}

/** The numbers of all records in the directory, in order. */
export function recorded(): number[] {
  return listSegments(directory).flatMap((file) => {
    using segment = openSegment(file);
    const bytes = segment?.records() ?? new Uint8Array();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: bytes.length / PACKET_LOG_SIZE }, (_, i) =>
      view.getUint32(i * PACKET_LOG_SIZE + FIELD_OFFSETS.rule_id, true),
    );
  });
}

/** Bytes of each segment, with its sums by time. */
export const segmentSizes = () =>
  listSegments(directory).map(({ sequence, bytes }) => bytes + sumsBytes(directory, sequence));

export const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
export const kinds = () => listSegments(directory).map(({ sequence, kind }) => `${sequence} ${kind}`);
export const entries = <K extends JournalEntry['kind']>(kind: K) =>
  readJournal(directory).entries.filter((entry): entry is JournalEntryOf<K> => entry.kind === kind);

export function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
