/** What a segment says about its records without their columns: number, times, and sums by action. */
import { ACTIONS, type Action } from '../record/layout.ts';
import type { RecordColumns } from './columns.ts';

export interface ActionSums {
  readonly records: number;
  /** Packets that the records stand for: the sum of their weights. */
  readonly packets: number;
  /** Bytes of these packets: the sum of weight * length. */
  readonly bytes: number;
}

/** `other`: actions of a later version. */
export const SUMMED_ACTIONS = [...(Object.keys(ACTIONS) as Action[]), 'other'] as const;
export type SummedAction = (typeof SUMMED_ACTIONS)[number];

export interface SegmentFacts {
  readonly records: number;
  /** Lowest and highest `timestamp_ns`; records are not in the exact order of their times. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly actions: Readonly<Record<SummedAction, ActionSums>>;
}

/** Reads a block's columns. Without records, both times are 0. */
export function factsOf(
  columns: Pick<RecordColumns, 'count' | 'timestamp_ns' | 'action' | 'weight' | 'length'>,
): SegmentFacts {
  const { count, action, weight, length } = columns;
  const records = new Float64Array(SUMMED_ACTIONS.length);
  const packets = new Float64Array(SUMMED_ACTIONS.length);
  const bytes = new Float64Array(SUMMED_ACTIONS.length);
  const other = SUMMED_ACTIONS.length - 1;
  for (let i = 0; i < count; i++) {
    const which = Math.min(action[i] as number, other);
    const each = weight[i] as number;
    records[which] = (records[which] as number) + 1;
    packets[which] = (packets[which] as number) + each;
    bytes[which] = (bytes[which] as number) + each * (length[i] as number);
  }
  const sums = SUMMED_ACTIONS.map((name, i) => [
    name,
    { records: records[i] as number, packets: packets[i] as number, bytes: bytes[i] as number },
  ]);
  return { records: count, ...timesOf(columns.timestamp_ns), actions: Object.fromEntries(sums) };
}

/** Compares halves: one bigint per record would cost more than everything else. */
function timesOf(timestamps: BigUint64Array): Pick<SegmentFacts, 'firstNs' | 'lastNs'> {
  const count = timestamps.length;
  if (count === 0) return { firstNs: 0n, lastNs: 0n };
  const words = new Uint32Array(timestamps.buffer, timestamps.byteOffset, 2 * count);
  let first = 0;
  let last = 0;
  for (let i = 1; i < count; i++) {
    if (isBefore(words, i, first)) first = i;
    else if (isBefore(words, last, i)) last = i;
  }
  return { firstNs: timestamps[first] as bigint, lastNs: timestamps[last] as bigint };
}

function isBefore(words: Uint32Array, one: number, other: number): boolean {
  const high = words[2 * one + 1] as number;
  const otherHigh = words[2 * other + 1] as number;
  return high < otherHigh || (high === otherHigh && (words[2 * one] as number) < (words[2 * other] as number));
}
