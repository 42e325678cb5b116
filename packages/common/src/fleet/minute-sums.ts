/** Sums of records by minute, protocol, action and rule: rows of the table `minutes`. */
import type { RecordColumns } from '../segments/columns.ts';
import { blockHead, columnHead, constantColumn, joined } from '../segments/native-bytes.ts';
import { MAX_SHIPPED_ROWS } from './fleet-limits.ts';
import { SHIPPED_COLUMNS } from './shipped-columns.ts';

export interface MinuteSum {
  /** s since the Unix epoch, a multiple of 60. */
  readonly minute: number;
  readonly ip_protocol: number;
  readonly action: number;
  readonly rule_id: number;
  /** Sum of the weights. */
  packets: number;
  /** Sum of weight times length. */
  bytes: number;
  records: number;
}

export type MinuteColumns = Pick<
  RecordColumns,
  'count' | 'timestamp_ns' | 'ip_protocol' | 'action' | 'rule_id' | 'weight' | 'length'
>;

const NS_PER_MINUTE = 60_000_000_000n;
const MINUTES_PER_DAY = 1440;

/** Returns the sums of all records. */
export function minuteSumsOf(columns: MinuteColumns): MinuteSum[] {
  const sums = new Map<string, MinuteSum>();
  const { count, timestamp_ns, ip_protocol, action, rule_id, weight, length } = columns;
  for (let i = 0; i < count; i++) {
    const minute = Number((timestamp_ns[i] as bigint) / NS_PER_MINUTE) * 60;
    const key = {
      minute,
      ip_protocol: ip_protocol[i] as number,
      action: action[i] as number,
      rule_id: rule_id[i] as number,
    };
    const text = `${minute} ${key.ip_protocol} ${key.action} ${key.rule_id}`;
    let sum = sums.get(text);
    if (sum === undefined) {
      sum = { ...key, packets: 0, bytes: 0, records: 0 };
      sums.set(text, sum);
    }
    const packets = weight[i] as number;
    sum.packets += packets;
    sum.bytes += packets * (length[i] as number);
    sum.records += 1;
  }
  return [...sums.values()];
}

const WRITERS: Readonly<Record<number, (data: DataView, at: number, value: number) => void>> = {
  1: (data, at, value) => data.setUint8(at, value),
  2: (data, at, value) => data.setUint16(at, value, true),
  4: (data, at, value) => data.setUint32(at, value, true),
  8: (data, at, value) => data.setBigUint64(at, BigInt(value), true),
};

/** Returns a block of the table `minutes`. @throws RangeError without rows, and above MAX_SHIPPED_ROWS. */
export function encodeMinutes(sums: readonly MinuteSum[], node: string): Uint8Array {
  const rows = sums.length;
  if (rows < 1 || rows > MAX_SHIPPED_ROWS)
    throw new RangeError(`a block has 1 to ${MAX_SHIPPED_ROWS} rows, not ${rows}`);
  const pieces: Uint8Array[] = [blockHead(SHIPPED_COLUMNS.minutes.length, rows)];
  for (const { name, type, bytes, kind } of SHIPPED_COLUMNS.minutes) {
    if (kind === 'node') {
      pieces.push(constantColumn(name, node, rows));
      continue;
    }
    const values = new Uint8Array(rows * bytes);
    const data = new DataView(values.buffer);
    sums.forEach((sum, i) => {
      WRITERS[bytes]?.(data, i * bytes, numberOf(sum, name));
    });
    pieces.push(columnHead(name, type), values);
  }
  return joined(pieces);
}

function numberOf(sum: MinuteSum, column: string): number {
  return column === 'day' ? sum.minute / 60 / MINUTES_PER_DAY : (sum[column as keyof MinuteSum] as number);
}
