/** Sums of all columns of the history over equal steps of time, by weight. */
import { HISTORY_COLUMNS, type HistoryColumn } from '../history/history-layout.ts';
import { ACTIONS } from '../record/layout.ts';
import type { RecordColumns } from './columns.ts';

/** The columns that `add` reads; a block needs no others. */
export const RATE_FIELDS = ['timestamp_ns', 'weight', 'length', 'action', 'ip_protocol'] as const;
type RateColumns = Pick<RecordColumns, 'count' | (typeof RATE_FIELDS)[number]>;

const WIDTH = HISTORY_COLUMNS.length;
const at = (name: HistoryColumn) => HISTORY_COLUMNS.indexOf(name);
const [PACKETS, BYTES, DENIED_BYTES, LOST] = [at('packets'), at('bytes'), at('denied_bytes'), at('lost')];
/** By action: the column of its packets; other actions have none. */
const ACTION_COLUMN = new Int8Array(256).fill(-1);
ACTION_COLUMN[ACTIONS.permit] = at('permitted');
ACTION_COLUMN[ACTIONS.deny] = at('denied');
ACTION_COLUMN[ACTIONS.aborted] = at('aborted');
/** By protocol: the columns of its packets and bytes. */
const PROTOCOL_COLUMN = new Uint8Array(256).fill(at('other'));
const PROTOCOL_BYTES = new Uint8Array(256).fill(at('other_bytes'));
for (const [protocol, name] of [
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'icmp'],
] as const) {
  PROTOCOL_COLUMN[protocol] = at(name);
  PROTOCOL_BYTES[protocol] = at(`${name}_bytes`);
}

export class RateSums {
  readonly stepNs: bigint;
  readonly firstNs: bigint;
  readonly steps: number;
  records = 0;
  /** All columns of the history for each step, one step after the other. */
  readonly sums: Float64Array;

  /** `firstNs`: start of the first step; `sums`: of an earlier object with the same steps. */
  constructor(firstNs: bigint, stepNs: bigint, steps: number, sums = new Float64Array(steps * WIDTH)) {
    this.firstNs = firstNs;
    this.stepNs = stepNs;
    this.steps = steps;
    this.sums = sums;
  }

  get packets(): number {
    return this.column('packets').reduce((sum, value) => sum + value, 0);
  }

  /** Adds the block's records, or those that `rows` marks with 1; all of them lie in the steps. */
  add(columns: RateColumns, rows?: Uint8Array): void {
    const { count, timestamp_ns, weight, length, action, ip_protocol } = columns;
    const { sums } = this;
    // Two words instead of a bigint for each record; most records are in the step of the one before.
    const times = new Uint32Array(timestamp_ns.buffer, timestamp_ns.byteOffset, 2 * count);
    let [fromHigh, fromLow, toHigh, toLow] = [0, 0, 0, 0];
    let first = 0;
    for (let i = 0; i < count; i++) {
      if (rows !== undefined && rows[i] !== 1) continue;
      const low = times[2 * i] as number;
      const high = times[2 * i + 1] as number;
      const isLater = high > toHigh || (high === toHigh && low >= toLow);
      if (isLater || high < fromHigh || (high === fromHigh && low < fromLow)) {
        const step = (timestamp_ns[i] as bigint) - this.firstNs;
        const number = step / this.stepNs;
        const start = this.firstNs + number * this.stepNs;
        const end = start + this.stepNs;
        first = Number(number) * WIDTH;
        [fromHigh, fromLow, toHigh, toLow] = [highOf(start), lowOf(start), highOf(end), lowOf(end)];
      }
      const packets = weight[i] as number;
      const bytes = packets * (length[i] as number);
      const verdict = action[i] as number;
      const protocol = ip_protocol[i] as number;
      sums[first + PACKETS] = (sums[first + PACKETS] as number) + packets;
      sums[first + BYTES] = (sums[first + BYTES] as number) + bytes;
      const column = ACTION_COLUMN[verdict] as number;
      if (column >= 0) sums[first + column] = (sums[first + column] as number) + packets;
      if (verdict === ACTIONS.deny) sums[first + DENIED_BYTES] = (sums[first + DENIED_BYTES] as number) + bytes;
      const kind = first + (PROTOCOL_COLUMN[protocol] as number);
      sums[kind] = (sums[kind] as number) + packets;
      const size = first + (PROTOCOL_BYTES[protocol] as number);
      sums[size] = (sums[size] as number) + bytes;
      this.records++;
    }
  }

  /** Adds sums of shorter steps, each of which lies in one step of these. */
  addSums(other: RateSums): void {
    for (let step = 0; step < other.steps; step++) {
      const from = step * WIDTH;
      if (other.sums[from + PACKETS] === 0) continue;
      const to = this.#stepOf(other.firstNs + BigInt(step) * other.stepNs) * WIDTH;
      for (let i = 0; i < WIDTH; i++)
        this.sums[to + i] = (this.sums[to + i] as number) + (other.sums[from + i] as number);
    }
    this.records += other.records;
  }

  /**
   * Spreads records that were lost between two times evenly over the steps between them: the time of each loss is not
   * known. What lies outside of all steps is left out.
   */
  addLost(records: number, fromNs: bigint, toNs: bigint): void {
    const durationNs = toNs > fromNs ? toNs - fromNs : 1n;
    /** The number of records that are lost until a time. */
    const lostUntil = (ns: bigint) => {
      const since = ns <= fromNs ? 0n : ns - fromNs < durationNs ? ns - fromNs : durationNs;
      return Number((BigInt(records) * since) / durationNs);
    };
    for (let step = this.#stepOf(fromNs); step < this.steps; step++) {
      const startNs = this.firstNs + BigInt(step) * this.stepNs;
      if (startNs >= fromNs + durationNs) return;
      const index = step * WIDTH + LOST;
      this.sums[index] = (this.sums[index] as number) + lostUntil(startNs + this.stepNs) - lostUntil(startNs);
    }
  }

  column(name: HistoryColumn): number[] {
    const column = at(name);
    return Array.from({ length: this.steps }, (_, step) => this.sums[step * WIDTH + column] as number);
  }

  /** Returns the step of a time; 0 for an earlier one. */
  #stepOf(ns: bigint): number {
    return ns <= this.firstNs ? 0 : Number((ns - this.firstNs) / this.stepNs);
  }
}

function highOf(time: bigint): number {
  return Number(time >> 32n);
}

function lowOf(time: bigint): number {
  return Number(time & 0xffff_ffffn);
}
