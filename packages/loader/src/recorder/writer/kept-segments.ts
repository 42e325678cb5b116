/** The segments on the disk, from the oldest to the newest: seals them, and deletes the oldest. */
import { rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RecorderCounts } from '../../ipc/recorder-counts.ts';
import { CorruptSegmentError } from '../format/corrupt-segment-error.ts';
import { openSegment } from '../format/open-segment.ts';
import type { SegmentFile } from '../format/segment.ts';
import { appendToJournal } from '../format/segment-journal.ts';
import { segmentName } from '../format/segment-name.ts';
import { removeSums, sumsBytes } from '../format/sums-file.ts';
import { repairHotFile, writeSegment } from '../format/write-segment.ts';
import type { RecorderSettings } from './recorder-settings.ts';
import { expiredSegments, type KeptSegment, type Limits } from './retention.ts';

export interface Kept extends KeptSegment {
  readonly path: string;
  readonly fromNs: bigint;
  readonly permits: number;
  readonly denies: number;
}

export class KeptSegments {
  readonly #directory: string;
  readonly #node: string;
  readonly #counts: RecorderCounts;
  #kept: Kept[] = [];
  /** Numbers of the segments that bookmarks keep. */
  #protected: ReadonlySet<number> = new Set();
  /** Hot files that an earlier recorder or a failure left, to be sealed. */
  #left: number[] = [];

  constructor({ directory, node }: Pick<RecorderSettings, 'directory' | 'node'>, counts: RecorderCounts) {
    this.#directory = directory;
    this.#node = node;
    this.#counts = counts;
  }

  /** Number of hot files that are to be sealed. */
  get unsealed(): number {
    return this.#left.length;
  }

  get oldestNs(): bigint | undefined {
    return this.#kept[0]?.fromNs;
  }

  /** The oldest record apart from those that are only kept for a bookmark. */
  get oldestUnmarkedNs(): bigint | undefined {
    return this.#kept.find(({ sequence }) => !this.#protected.has(sequence))?.fromNs;
  }

  /** All, from the oldest to the newest. */
  get all(): readonly Kept[] {
    return this.#kept;
  }

  get bytes(): number {
    return this.#kept.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Returns the number of records of a segment; undefined if there is none of this number. */
  recordsOf(sequence: number): number | undefined {
    return this.#kept.find((each) => each.sequence === sequence)?.records;
  }

  /** `files`: all, in the order of their numbers. Throws the error of the file system. */
  reset(files: readonly SegmentFile[]): void {
    this.#kept = [];
    for (const file of files) this.add(file);
    this.#left = files.filter(({ kind }) => kind === 'hot').map(({ sequence }) => sequence);
  }

  /** Seals records, and removes their hot file. Throws the error of the file system; the hot file is then as it was. */
  seal(sequence: number, records: Uint8Array): void {
    this.add(writeSegment(this.#directory, sequence, records, { node: this.#node }));
  }

  /** Seals one of the files that were left. Returns false if there is none. Throws the error of the file system. */
  sealLeft(): boolean {
    const [sequence] = this.#left;
    if (sequence === undefined) return false;
    const hot = join(this.#directory, segmentName(sequence, 'hot'));
    const records = repairHotFile(hot);
    if (records.length > 0) this.seal(sequence, records);
    else rmSync(hot);
    this.#left.shift();
    return true;
  }

  /** Adds a segment, or replaces the one with its number. Call in the order of the numbers. */
  add(file: SegmentFile): void {
    const kept = keptOf(file);
    if (kept === undefined) return;
    const at = this.#kept.findIndex(({ sequence }) => sequence === file.sequence);
    if (at === -1) this.#kept.push(kept);
    else this.#kept[at] = kept;
  }

  /** Keeps the segments with these numbers, whatever the limits. */
  protect(numbers: ReadonlySet<number>): void {
    this.#protected = numbers;
  }

  /** Deletes what exceeds the limits. `otherBytes`: of the files that stay. Throws the error of the file system. */
  expire(limits: Limits, otherBytes: number, atNs: bigint): void {
    const isProtected = ({ sequence }: KeptSegment) => this.#protected.has(sequence);
    for (const segment of expiredSegments(this.#kept, otherBytes, limits, isProtected) as Kept[]) {
      rmSync(segment.path, { force: true });
      removeSums(this.#directory, segment.sequence);
      this.#kept = this.#kept.filter((each) => each !== segment);
      this.#counts.add('expired', segment.records);
      const { path, fromNs, toNs, records, permits, denies } = segment;
      const file = path.slice(path.lastIndexOf('/') + 1);
      const times = { from_ns: fromNs, to_ns: toNs };
      appendToJournal(this.#directory, { kind: 'expired', at_ns: atNs, file, ...times, records, permits, denies });
    }
  }
}

/** Returns undefined if the file is gone. A damaged one is kept by the time of the file. */
function keptOf(file: SegmentFile): Kept | undefined {
  const { sequence, path } = file;
  const bytes = file.bytes + sumsBytes(dirname(path), sequence);
  try {
    using segment = openSegment(file);
    if (segment === undefined) return undefined;
    const { records, firstNs, lastNs, actions } = segment.facts;
    const denies = actions.deny.records;
    return { sequence, path, bytes, records, fromNs: firstNs, toNs: lastNs, permits: records - denies, denies };
  } catch (error) {
    if (!(error instanceof CorruptSegmentError)) throw error;
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    return { sequence, path, bytes, records: 0, fromNs: stats.mtimeNs, toNs: stats.mtimeNs, permits: 0, denies: 0 };
  }
}
