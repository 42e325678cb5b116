/** Answers `past:rows`. */
import type { PastRows, PastRowsRequest } from '@packetlog/common';
import { joined, NewestRows, type Row, type RowPosition } from '../reading/newest-rows.ts';
import { type Answering, blockRequest, type PastView } from './past-view.ts';

const CURSOR = /^(\d{1,20})-(\d{1,15})-(\d{1,5})$/;

/** Returns undefined for text that no answer had as `next`. */
export function cursorPosition(text: string): RowPosition | undefined {
  const [, time, sequence, index] = CURSOR.exec(text) ?? [];
  if (time === undefined) return undefined;
  return { timeNs: BigInt(time), sequence: Number(sequence), index: Number(index) };
}

export function* pastRows(view: PastView, { limit, before, ...request }: PastRowsRequest): Answering<PastRows> {
  // One more shows whether there are any before these.
  const newest = new NewestRows(limit + 1, before === undefined ? undefined : cursorPosition(before));
  yield* newest.steps(view.blocks, { ...blockRequest(request), byPeriod: true });
  const rows = newest.rows.slice(-limit);
  const [oldest] = rows;
  const hasMore = newest.rows.length > limit && oldest !== undefined;
  return {
    records: Buffer.from(joined(rows)).toString('base64'),
    interfaces: interfacesOf(rows),
    ...(hasMore ? { next: cursorText(oldest) } : {}),
  };
}

function cursorText({ timeNs, sequence, index }: RowPosition): string {
  return `${timeNs}-${sequence}-${index}`;
}

/** The newest name where an interface had several. */
function interfacesOf(rows: readonly Row[]): PastRows['interfaces'] {
  const names = new Map<number, string>();
  for (const { record, interfaceName } of rows) {
    const ifindex = new DataView(record.buffer, record.byteOffset).getUint32(IFINDEX, true);
    names.set(ifindex, interfaceName);
  }
  return [...names].map(([ifindex, name]) => ({ ifindex, name }));
}

/** Offset of the field in a record. */
const IFINDEX = 44;
