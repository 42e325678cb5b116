/**
 * The newest records that a question selects. Records have one order: their times, then the numbers of their segments,
 * then their places in these. A record keeps its place when its segment is sealed, so a position in this order stays
 * valid while packets are recorded.
 */
import { PACKET_LOG_SIZE, PacketLogView, type RecordColumns, recordsOf, type SegmentFacts } from '@packetlog/common';
import { type BlockRequest, type PastBlock, type PastBlocks, readColumns } from './past-blocks.ts';

/** Place of a record in the order. */
export interface RowPosition {
  readonly timeNs: bigint;
  /** Number of the segment. */
  readonly sequence: number;
  /** Place in the segment. */
  readonly index: number;
}

export interface Row extends RowPosition {
  readonly record: Uint8Array;
  /** The name that the record's interface had then. */
  readonly interfaceName: string;
}

/** Returns the newest `limit` records as a view, oldest first. */
export function newestRows(blocks: PastBlocks, request: BlockRequest, limit: number): PacketLogView {
  const newest = new NewestRows(limit);
  for (const _ of newest.steps(blocks, request)) {
    // Without a pause between two segments.
  }
  return new PacketLogView(joined(newest.rows), {
    count: newest.rows.length,
    stride: PACKET_LOG_SIZE,
    recordOffset: 0,
  });
}

/** Returns the records one after the other, 64 bytes each. */
export function joined(rows: readonly Row[]): Uint8Array {
  const records = new Uint8Array(rows.length * PACKET_LOG_SIZE);
  for (const [i, { record }] of rows.entries()) records.set(record, i * PACKET_LOG_SIZE);
  return records;
}

export class NewestRows {
  /** In order, oldest first. */
  rows: readonly Row[] = [];
  readonly #limit: number;
  readonly #before: RowPosition | undefined;

  /** `before`: only records before this position. */
  constructor(limit: number, before?: RowPosition) {
    this.#limit = limit;
    this.#before = before;
  }

  /**
   * Reads the segments, one in each step. Records of a segment are not in the exact order of their times, so every
   * segment that may contain one of the newest is read; of others only the index.
   */
  *steps(blocks: PastBlocks, request: BlockRequest): Generator<void, void, undefined> {
    const wants = ({ firstNs, lastNs }: SegmentFacts) =>
      (this.#before === undefined || firstNs <= this.#before.timeNs) &&
      (this.rows.length < this.#limit || lastNs >= (this.rows[0] as Row).timeNs);
    yield* blocks.steps({ ...request, newestFirst: true, wants }, (block) => {
      this.rows = [...this.#newestOf(block), ...this.rows].sort(inOrder).slice(-this.#limit);
    });
  }

  #newestOf(block: PastBlock): Row[] {
    const { columns, sequence, period } = block;
    const indexes = this.#newestIndexes(block);
    if (indexes.length === 0) return [];
    readColumns(columns, ['src_addr', 'dst_addr']);
    const marks = new Uint8Array(columns.count);
    for (const index of indexes) marks[index] = 1;
    const records = recordsOf(columns, marks);
    // In the order of the segment, as the records.
    return indexes
      .sort((one, other) => one - other)
      .map((index, i) => ({
        timeNs: columns.timestamp_ns[index] as bigint,
        sequence,
        index,
        record: records.subarray(i * PACKET_LOG_SIZE, (i + 1) * PACKET_LOG_SIZE),
        interfaceName: period.nameOf(columns.ifindex[index] as number),
      }));
  }

  /** Returns the newest `limit` of the selected records before the position. */
  #newestIndexes({ columns, rows, facts, sequence }: PastBlock): number[] {
    const times = timesSince(columns, facts);
    const oldest = this.rows.length < this.#limit ? undefined : (this.rows[0] as Row);
    const selected: number[] = [];
    for (let i = 0; i < columns.count; i++) {
      if (rows !== undefined && rows[i] !== 1) continue;
      if (this.#before !== undefined && !isBefore(columns, i, sequence, this.#before)) continue;
      if (oldest !== undefined && isBefore(columns, i, sequence, oldest)) continue;
      selected.push(i);
    }
    selected.sort((one, other) => (times[one] as number) - (times[other] as number) || one - other);
    return selected.slice(-this.#limit);
  }
}

function inOrder(one: RowPosition, other: RowPosition): number {
  if (one.timeNs !== other.timeNs) return one.timeNs < other.timeNs ? -1 : 1;
  return one.sequence - other.sequence || one.index - other.index;
}

function isBefore({ timestamp_ns }: RecordColumns, index: number, sequence: number, position: RowPosition): boolean {
  return inOrder({ timeNs: timestamp_ns[index] as bigint, sequence, index }, position) < 0;
}

/** Returns the times since the first record: exact for a segment of less than 104 days (2^53 ns). */
function timesSince({ timestamp_ns, count }: RecordColumns, { firstNs }: SegmentFacts): Float64Array {
  const times = new Float64Array(count);
  for (let i = 0; i < count; i++) times[i] = Number((timestamp_ns[i] as bigint) - firstNs);
  return times;
}
