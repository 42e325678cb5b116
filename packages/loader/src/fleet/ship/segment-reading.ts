/** Reads parts of segments for the hub: of hot files only what is new, of sealed ones only the columns that are needed. */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ACTIONS, columnsOf, PACKET_LOG_SIZE, type RecordColumns, recordsOf } from '@packetlog/common';
import { type MinuteSum, minuteSumsOf } from '@packetlog/common/fleet';
import { ifPresent } from '../../recorder/format/if-present.ts';
import { lazyColumns, openSegment, parseSegmentName, type SegmentFile } from '../../recorder/format/index.ts';

/** Offset of `action` in a record, as in layout.ts. */
const ACTION_AT = 62;

export interface RecordCount {
  readonly records: number;
  readonly denied: number;
}

export interface ReadPart {
  /** Those selected, 64 bytes each. */
  readonly records: Uint8Array;
  /** Of all. */
  readonly sums: MinuteSum[];
}

/** Returns one file per segment from `from` on, in order; the sealed one where both are there. Throws the file system's error. */
export function segmentsFrom(directory: string, from: number): SegmentFile[] {
  const found = new Map<number, { kind: SegmentFile['kind']; name: string }>();
  for (const name of readdirSync(directory)) {
    const parsed = parseSegmentName(name);
    if (parsed === undefined || parsed.sequence < from) continue;
    if (parsed.kind === 'hot' && found.has(parsed.sequence)) continue;
    found.set(parsed.sequence, { kind: parsed.kind, name });
  }
  return [...found]
    .sort(([one], [other]) => one - other)
    .map(([sequence, { kind, name }]) => ({ sequence, kind, path: join(directory, name), bytes: 0 }));
}

/**
 * Counts the records from `counted` on. Returns undefined if the file is gone. Throws CorruptSegmentError, or the file
 * system's error.
 */
export function countRecords(file: SegmentFile, counted: RecordCount): RecordCount | undefined {
  if (file.kind === 'hot') {
    const bytes = readHot(file, counted.records);
    if (bytes === undefined) return undefined;
    const records = bytes.length / PACKET_LOG_SIZE;
    let denied = 0;
    for (let at = ACTION_AT; at < bytes.length; at += PACKET_LOG_SIZE) if (bytes[at] === ACTIONS.deny) denied++;
    return { records: counted.records + records, denied: counted.denied + denied };
  }
  using segment = openSegment({ ...file, bytes: sizeOf(file.path) });
  if (segment === undefined) return undefined;
  const { records, actions } = segment.facts;
  return { records, denied: actions.deny.records };
}

/**
 * Reads the records from `from` to before `to`. Returns undefined if the file is gone. Throws CorruptSegmentError, or the
 * file system's error.
 */
export function readPart(file: SegmentFile, from: number, to: number, all: boolean): ReadPart | undefined {
  if (file.kind === 'hot') {
    const bytes = readHot(file, from);
    if (bytes === undefined) return undefined;
    const columns = columnsOf(bytes.subarray(0, (to - from) * PACKET_LOG_SIZE));
    return select(columns, 0, columns.count, all);
  }
  using segment = openSegment({ ...file, bytes: sizeOf(file.path) });
  if (segment === undefined) return undefined;
  const columns = lazyColumns(segment);
  return select(columns, Math.min(from, columns.count), Math.min(to, columns.count), all);
}

function select(columns: RecordColumns, from: number, to: number, all: boolean): ReadPart {
  const { action } = columns;
  const rows = new Uint8Array(columns.count);
  let selected = 0;
  for (let i = from; i < to; i++) {
    if (!all && action[i] !== ACTIONS.deny) continue;
    rows[i] = 1;
    selected++;
  }
  return {
    // Without one, the other columns are not decompressed.
    records: selected === 0 ? new Uint8Array(0) : recordsOf(columns, rows),
    sums: minuteSumsOf({
      count: to - from,
      timestamp_ns: columns.timestamp_ns.subarray(from, to),
      ip_protocol: columns.ip_protocol.subarray(from, to),
      action: action.subarray(from, to),
      rule_id: columns.rule_id.subarray(from, to),
      weight: columns.weight.subarray(from, to),
      length: columns.length.subarray(from, to),
    }),
  };
}

/** Returns the whole records of a hot file from a position on; undefined if it is gone. */
function readHot({ path }: SegmentFile, from: number): Uint8Array | undefined {
  const file = ifPresent(() => openSync(path, 'r'));
  if (file === undefined) return undefined;
  try {
    const length = Math.max(0, fstatSync(file).size - from * PACKET_LOG_SIZE);
    const bytes = new Uint8Array(length - (length % PACKET_LOG_SIZE));
    let read = 0;
    while (read < bytes.length) {
      const more = readSync(file, bytes, read, bytes.length - read, from * PACKET_LOG_SIZE + read);
      if (more === 0) break;
      read += more;
    }
    return bytes.subarray(0, read - (read % PACKET_LOG_SIZE));
  } finally {
    closeSync(file);
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
