/** The values with the most packets, by time: `packetlog query --top --by`. */
import { type RecordSums, TIME_STEP_NS, type TimeStep } from '@packetlog/common';
import { KeySums } from '../../past/answers/key-sums.ts';
import { type BlockRequest, type PastBlock, type PastBlocks, readColumns } from '../../past/reading/past-blocks.ts';
import { type KeyRanks, keyRanks } from './key-ranks.ts';
import { type TopResult, type TopRow, topOf } from './sums.ts';
import { filterOfTop, type TopKind } from './top-names.ts';

/** Rows that are summed up: about 40 MiB. */
const MAX_ROWS = 524_288;

export interface TopStepRow {
  /** ns since the Unix epoch, a multiple of the step. */
  readonly start_ns: bigint;
  /** Undefined: all values that are not among the first of the range. */
  readonly entry: TopRow | undefined;
  readonly packets: number;
  readonly bytes: number;
}

export interface TopSeriesResult extends Pick<TopResult, 'kind' | 'distinct' | 'beyond'> {
  /** In the order of time; those of a step in the order of the values in the range, all other values last. */
  readonly rows: readonly TopStepRow[];
  /** Sums of further rows, for which there was no room. */
  readonly unlisted: RecordSums;
  readonly total: RecordSums;
}

/** Blocks of the same directory for each of the two passes; `second` then knows which segments could not be read. */
export interface TwoPasses {
  readonly first: PastBlocks;
  readonly second: PastBlocks;
}

export interface TopByStep {
  readonly kind: TopKind;
  /** Number of values. */
  readonly limit: number;
  readonly step: TimeStep;
}

/**
 * The first pass finds the values with the most packets in the range, the second sums up: every row is exact, also if
 * packets are recorded in between. `maxRows`: rows that are summed up.
 */
export function topByStep(
  { first, second }: TwoPasses,
  request: BlockRequest,
  { kind, limit, step }: TopByStep,
  maxRows = MAX_ROWS,
): TopSeriesResult {
  const { entries, distinct, beyond } = topOf(first, request, kind, limit);
  const sums = new SumsByStepAndRank(keyRanks(kind, entries), TIME_STEP_NS[step], maxRows);
  const selected = { ...request, filter: filterOfTop(kind, request.filter), byPeriod: kind.key === 'ifindex' };
  second.read(selected, (block) => sums.add(block));
  return { kind, distinct, beyond, rows: sums.rows(entries), unlisted: sums.unlisted, total: sums.total };
}

class SumsByStepAndRank {
  readonly total = { packets: 0, bytes: 0, records: 0 };
  readonly #ranks: KeyRanks;
  readonly #stepNs: bigint;
  /** By the number of the step and the rank. */
  readonly #sums: KeySums;
  readonly #steps = new Map<bigint, number>();

  constructor(ranks: KeyRanks, stepNs: bigint, maxRows: number) {
    this.#ranks = ranks;
    this.#stepNs = stepNs;
    this.#sums = new KeySums(maxRows);
  }

  get unlisted(): RecordSums {
    return this.#sums.beyond;
  }

  add(block: PastBlock): void {
    const { columns, rows } = block;
    readColumns(columns, ['timestamp_ns', 'weight', 'length', ...this.#ranks.columns]);
    const { count, timestamp_ns, weight, length } = columns;
    const rankOf = this.#ranks.of(block);
    const one = { packets: 0, bytes: 0, records: 1 };
    let [start, end, step] = [0n, 0n, 0];
    for (let i = 0; i < count; i++) {
      if (rows !== undefined && rows[i] !== 1) continue;
      const time = timestamp_ns[i] as bigint;
      if (time >= end || time < start) {
        start = time - (time % this.#stepNs);
        end = start + this.#stepNs;
        step = this.#numberOf(start);
      }
      one.packets = weight[i] as number;
      one.bytes = one.packets * (length[i] as number);
      this.#sums.add(step, rankOf(i), one);
      this.total.packets += one.packets;
      this.total.bytes += one.bytes;
      this.total.records++;
    }
  }

  /** `entries`: the values by rank. */
  rows(entries: readonly TopRow[]): readonly TopStepRow[] {
    const starts = [...this.#steps.keys()];
    const found = this.#sums.top(this.#sums.size).entries.filter(({ packets }) => packets > 0);
    return found
      .map(({ key, packets, bytes }) => {
        const [step, rank] = this.#sums.wordsOf(key);
        return { start_ns: starts[step] as bigint, rank, packets, bytes };
      })
      .sort((one, other) =>
        one.start_ns === other.start_ns ? one.rank - other.rank : one.start_ns < other.start_ns ? -1 : 1,
      )
      .map(({ rank, ...row }) => ({ ...row, entry: entries[rank] }));
  }

  /** Steps are numbered in the order of their first records. */
  #numberOf(start: bigint): number {
    const number = this.#steps.get(start) ?? this.#steps.size;
    this.#steps.set(start, number);
    return number;
  }
}
