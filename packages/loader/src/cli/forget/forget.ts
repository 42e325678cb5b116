/** `packetlog forget`: rewrites segments without the records from or to a network. */
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { type ColumnFilter, compileColumnFilter, type RecordColumns, recordsOf } from '@packetlog/common';
import { CorruptSegmentError } from '../../recorder/format/corrupt-segment-error.ts';
import { lazyColumns } from '../../recorder/format/lazy-columns.ts';
import { openSegment } from '../../recorder/format/open-segment.ts';
import type { SegmentFile } from '../../recorder/format/segment.ts';
import { listSegments } from '../../recorder/format/segment-files.ts';
import { appendToJournal, readJournal } from '../../recorder/format/segment-journal.ts';
import { writeSegment } from '../../recorder/format/write-segment.ts';
import { removeOthers, removeUnfinished } from './other-files.ts';
import { noteInProgress } from './progress-note.ts';
import type { RecorderWatch } from './recorder-watch.ts';
import { filterOfAddresses } from './requested-addresses.ts';

export interface Found {
  readonly records: number;
  readonly files: readonly SegmentFile[];
}

export class Forgetting {
  /** Segments that cannot be read: they may contain the addresses, and stay as they are. */
  readonly corrupt: CorruptSegmentError[] = [];
  readonly #directory: string;
  readonly #filter: ColumnFilter;

  /** `network`: an address or a network; its records are those from it and those to it. */
  constructor(directory: string, network: string) {
    this.#directory = directory;
    this.#filter = compileColumnFilter(filterOfAddresses(network));
  }

  /** Finds the records, without changing anything. Throws the error of the file system. */
  find(): Found {
    const files: SegmentFile[] = [];
    let records = 0;
    for (const file of listSegments(this.#directory)) {
      const count = this.#read(file, (columns) => this.#filter.match(columns).count) ?? 0;
      if (count > 0) files.push(file);
      records += count;
    }
    return { records, files };
  }

  /**
   * Removes the records from these files, each at once: after a crash a file has all of its records, or those that stay.
   * Stops before the next file when a recorder starts to write. Returns what was removed, and from which files.
   */
  remove(files: readonly SegmentFile[], watch: RecorderWatch): Found {
    const changed: SegmentFile[] = [];
    let records = 0;
    removeUnfinished(this.#directory);
    for (const file of files) {
      if (watch.isWriting()) break;
      const removed = this.#removeFrom(file);
      if (removed > 0) changed.push(file);
      records += removed;
    }
    return { records, files: changed };
  }

  #removeFrom(file: SegmentFile): number {
    const rewritten = this.#read(file, (columns, node) => {
      const { rows, count } = this.#filter.match(columns);
      const kept = rows.slice(0, columns.count).map((row) => 1 - row);
      return { records: recordsOf(columns, kept), node, ...timesOf(columns, rows), count, all: columns.count };
    });
    if (rewritten === undefined || rewritten.count === 0) return 0;
    const { records, node = this.#node(), from_ns, to_ns, count, all } = rewritten;
    const compression = file.kind === 'hot' ? undefined : file.kind;
    const written =
      records.length > 0
        ? writeSegment(this.#directory, file.sequence, records, { node, compression }).path
        : undefined;
    removeOthers(this.#directory, file.sequence, written);
    if (file.kind === 'hot') noteInProgress(this.#directory, file.sequence, all, all - count);
    const at_ns = BigInt(Date.now()) * 1_000_000n;
    const name = basename(file.path);
    appendToJournal(this.#directory, { kind: 'forgotten', at_ns, file: name, from_ns, to_ns, records: count });
    return count;
  }

  /** Returns undefined if the file is gone or damaged. */
  #read<T>(file: SegmentFile, use: (columns: RecordColumns, node: string | undefined) => T): T | undefined {
    try {
      using segment = openSegment(file);
      return segment && use(lazyColumns(segment), segment.node);
    } catch (error) {
      if (!(error instanceof CorruptSegmentError)) throw error;
      if (!this.corrupt.some((each) => each.file === error.file)) this.corrupt.push(error);
      return undefined;
    }
  }

  /** The node of records in a hot file, which does not have it. */
  #node(): string {
    const starts = readJournal(this.#directory).entries.filter((entry) => entry.kind === 'start');
    return starts.at(-1)?.node ?? hostname();
  }
}

function timesOf(
  { timestamp_ns, count }: RecordColumns,
  rows: Uint8Array,
): { readonly from_ns: bigint; readonly to_ns: bigint } {
  let from_ns: bigint | undefined;
  let to_ns = 0n;
  for (let i = 0; i < count; i++) {
    if (rows[i] !== 1) continue;
    const time = timestamp_ns[i] as bigint;
    if (from_ns === undefined || time < from_ns) from_ns = time;
    if (time > to_ns) to_ns = time;
  }
  return { from_ns: from_ns ?? 0n, to_ns };
}
