/** Sums over time: packets and bytes by second, minute or hour. */
import type { RecordColumns } from './columns.ts';

export interface RecordSums {
  /** Sum of the weights. */
  readonly packets: number;
  /** Sum of weight times length. */
  readonly bytes: number;
  readonly records: number;
}

/** Sums of the records from `start_ns` on, for the length of a step. */
export interface TimeSums extends RecordSums {
  /** ns since the Unix epoch, a multiple of the step. */
  readonly start_ns: bigint;
}

/** Sums of a step of any length, without the number of records. */
export type StepSums = Omit<TimeSums, 'records'>;

export type TimeStep = 'second' | 'minute' | 'hour';
type TimeColumns = Pick<RecordColumns, 'count' | 'timestamp_ns' | 'weight' | 'length'>;

/** Lengths of the steps, ns. */
export const TIME_STEP_NS: Readonly<Record<TimeStep, bigint>> = {
  second: 1_000_000_000n,
  minute: 60_000_000_000n,
  hour: 3_600_000_000_000n,
};
/** A week of seconds: about 20 MiB. */
const MAX_STEPS = 7 * 24 * 3600;

interface Sum {
  packets: number;
  bytes: number;
  records: number;
}

/**
 * Adds up blocks by time, exactly, for up to `maxSteps` distinct steps (a week of seconds unless given). Records of
 * further steps are in `beyond`.
 */
export class SumsByTime {
  /** Length of a step, ns. */
  readonly stepNs: bigint;
  readonly #maxSteps: number;
  readonly #sums = new Map<bigint, Sum>();
  readonly #beyond: Sum = { packets: 0, bytes: 0, records: 0 };

  constructor(step: TimeStep, maxSteps = MAX_STEPS) {
    this.stepNs = TIME_STEP_NS[step];
    this.#maxSteps = maxSteps;
  }

  /** Records of steps that did not fit; all zero if the result is complete. */
  get beyond(): RecordSums {
    return this.#beyond;
  }

  /** Adds the block's records, or those that `rows` marks with 1. */
  add(block: TimeColumns, rows?: Uint8Array): void {
    const { count, timestamp_ns, weight, length } = block;
    // Two words instead of a bigint for each record; most records are in the step of the one before.
    const times = new Uint32Array(timestamp_ns.buffer, timestamp_ns.byteOffset, 2 * count);
    let sum = this.#beyond;
    let [fromHigh, fromLow, toHigh, toLow] = [0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      if (rows !== undefined && rows[i] !== 1) continue;
      const low = times[2 * i] as number;
      const high = times[2 * i + 1] as number;
      const isLater = high > toHigh || (high === toHigh && low >= toLow);
      if (isLater || high < fromHigh || (high === fromHigh && low < fromLow)) {
        const time = timestamp_ns[i] as bigint;
        const start = this.#startOf(time);
        const end = start + this.stepNs;
        sum = this.#sumOf(start);
        [fromHigh, fromLow, toHigh, toLow] = [highOf(start), lowOf(start), highOf(end), lowOf(end)];
      }
      const packets = weight[i] as number;
      sum.packets += packets;
      sum.bytes += packets * (length[i] as number);
      sum.records++;
    }
  }

  /** Whether these steps and those that have sums already are at most `maxSteps`. */
  hasRoomFor(sums: readonly StepSums[]): boolean {
    const starts = new Set(sums.map(({ start_ns }) => this.#startOf(start_ns)));
    const further = [...starts].filter((start) => !this.#sums.has(start)).length;
    return this.#sums.size + further <= this.#maxSteps;
  }

  /**
   * Adds sums of steps, each of which lies in one step of these. Those that do not fit are in `beyond`. No records are
   * counted for them: their number by step is not known.
   */
  addSums(sums: readonly StepSums[]): void {
    for (const { start_ns, packets, bytes } of sums) {
      const sum = this.#sumOf(this.#startOf(start_ns));
      sum.packets += packets;
      sum.bytes += bytes;
    }
  }

  /** Returns the sums of all steps that have records or sums, in the order of time. */
  sums(): readonly TimeSums[] {
    return [...this.#sums]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([start_ns, sum]) => ({ start_ns, ...sum }));
  }

  #startOf(time: bigint): bigint {
    return time - (time % this.stepNs);
  }

  #sumOf(start: bigint): Sum {
    const existing = this.#sums.get(start);
    if (existing !== undefined) return existing;
    if (this.#sums.size >= this.#maxSteps) return this.#beyond;
    const sum = { packets: 0, bytes: 0, records: 0 };
    this.#sums.set(start, sum);
    return sum;
  }
}

/** More than 32 bits at the end of time: then no record is later. */
function highOf(time: bigint): number {
  return Number(time >> 32n);
}

function lowOf(time: bigint): number {
  return Number(time & 0xffff_ffffn);
}
