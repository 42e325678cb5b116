/** Encodes records as blocks for a hub. Pure. */
import { columnsOf, encodeBlock, PACKET_LOG_SIZE } from '@packetlog/common';
import { encodeMinutes, type MinuteSum, type ShipTable } from '@packetlog/common/fleet';
import { compressFrame } from '../../recorder/format/compression.ts';

export interface EncodedBlock {
  readonly table: ShipTable;
  readonly rows: number;
  /** A gzip member of one block in ClickHouse's `Native` format. */
  readonly bytes: Uint8Array;
}

/** The parts of a chunk, without their bytes: each is encoded when it is sent. */
export interface ChunkBlock {
  readonly table: ShipTable;
  readonly rows: number;
  readonly encode: (node: string) => EncodedBlock;
}

const NS_PER_DAY = 86_400_000_000_000n;
const DAY_S = 86_400;

/**
 * Returns the blocks of a chunk, of one day (UTC) each, always in the same order. `records`: of 64 bytes, up to 65,536;
 * `sums`: by minute.
 */
export function chunkBlocks(records: Uint8Array, sums: readonly MinuteSum[]): ChunkBlock[] {
  const packets = [...byDay(records)].map(([day, some]) => ({ day, block: packetsBlock(some) }));
  const days = new Set(sums.map(dayOf));
  const minutes = [...days].map((day) => ({ day, block: minutesBlock(sums.filter((each) => dayOf(each) === day)) }));
  return [...packets, ...minutes].sort((one, other) => one.day - other.day).map(({ block }) => block);
}

const dayOf = ({ minute }: MinuteSum): number => Math.floor(minute / DAY_S);

function packetsBlock(records: Uint8Array): ChunkBlock {
  const rows = records.length / PACKET_LOG_SIZE;
  return {
    table: 'packets',
    rows,
    encode: (node) => {
      const parts = encodeBlock(columnsOf(records), node).map(({ bytes }) => bytes);
      return { table: 'packets', rows, bytes: compressFrame('gzip', Buffer.concat(parts)) };
    },
  };
}

function minutesBlock(sums: readonly MinuteSum[]): ChunkBlock {
  const rows = sums.length;
  return {
    table: 'minutes',
    rows,
    encode: (node) => ({ table: 'minutes', rows, bytes: compressFrame('gzip', encodeMinutes(sums, node)) }),
  };
}

function byDay(records: Uint8Array): Map<number, Uint8Array> {
  const count = records.length / PACKET_LOG_SIZE;
  const data = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const days = Array.from({ length: count }, (_, i) =>
    Number(data.getBigUint64(i * PACKET_LOG_SIZE, true) / NS_PER_DAY),
  );
  const distinct = new Set(days);
  // Nearly always.
  if (distinct.size === 1) return new Map([[days[0] as number, records]]);
  const found = new Map<number, Uint8Array>();
  for (const day of distinct) {
    const some = days.flatMap((each, i) =>
      each === day ? [records.subarray(i * PACKET_LOG_SIZE, (i + 1) * PACKET_LOG_SIZE)] : [],
    );
    found.set(day, Buffer.concat(some));
  }
  return found;
}
