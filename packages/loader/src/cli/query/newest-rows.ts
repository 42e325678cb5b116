/** The newest records that a query selects, in the order of their times. */
import { PACKET_LOG_SIZE, PacketLogView, type RecordColumns, recordsOf, type SegmentFacts } from '@packetlog/common';
import { type BlockRequest, type PastBlock, type PastBlocks, readColumns } from './past-blocks.ts';

interface Row {
  readonly timeNs: bigint;
  readonly sequence: number;
  readonly record: Uint8Array;
}

/**
 * Returns the newest `limit` records. Records of a segment are not in the exact order of their times, so every segment
 * that may contain one of them is read; of others only the index.
 */
export function newestRows(blocks: PastBlocks, request: BlockRequest, limit: number): PacketLogView {
  let newest: Row[] = [];
  const isFull = () => newest.length >= limit;
  const wants = ({ lastNs }: SegmentFacts) => !isFull() || lastNs > (newest[0] as Row).timeNs;
  blocks.read({ ...request, newestFirst: true, wants }, (block) => {
    newest = [...newestOf(block, limit), ...newest].sort(inOrder).slice(-limit);
  });
  const records = new Uint8Array(newest.length * PACKET_LOG_SIZE);
  for (const [i, { record }] of newest.entries()) records.set(record, i * PACKET_LOG_SIZE);
  return new PacketLogView(records, { count: newest.length, stride: PACKET_LOG_SIZE, recordOffset: 0 });
}

function inOrder(one: Row, other: Row): number {
  if (one.timeNs === other.timeNs) return one.sequence - other.sequence;
  return one.timeNs < other.timeNs ? -1 : 1;
}

function newestOf({ columns, rows, sequence }: PastBlock, limit: number): Row[] {
  const marks = newestMarks(columns, rows, limit);
  readColumns(columns, ['src_addr', 'dst_addr']);
  const records = recordsOf(columns, marks);
  const data = new DataView(records.buffer);
  return Array.from({ length: records.length / PACKET_LOG_SIZE }, (_, i) => ({
    timeNs: data.getBigUint64(i * PACKET_LOG_SIZE, true),
    sequence,
    record: records.subarray(i * PACKET_LOG_SIZE, (i + 1) * PACKET_LOG_SIZE),
  }));
}

/** Marks the newest `limit` of the selected records. */
function newestMarks({ count, timestamp_ns }: RecordColumns, rows: Uint8Array | undefined, limit: number): Uint8Array {
  const selected: number[] = [];
  for (let i = 0; i < count; i++) if (rows === undefined || rows[i] === 1) selected.push(i);
  const timeOf = (i: number) => timestamp_ns[i] as bigint;
  selected.sort((one, other) => (timeOf(one) < timeOf(other) ? -1 : timeOf(one) > timeOf(other) ? 1 : one - other));
  const marks = new Uint8Array(count);
  for (const i of selected.slice(-limit)) marks[i] = 1;
  return marks;
}
