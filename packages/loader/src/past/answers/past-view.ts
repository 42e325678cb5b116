/** What one question reads: the segments of a directory, and the journal beside them. */
import type { Coverage, Filter } from '@packetlog/common';
import { EVERYTHING, parseFilter, simplified } from '@packetlog/common';
import { InterfaceHistory } from '../../recorder/format/interface-history.ts';
import type { Journal } from '../../recorder/format/segment-journal.ts';
import { readJournal } from '../../recorder/format/segment-journal.ts';
import type { KnownFacts } from '../reading/known-facts.ts';
import { type MissingPart, missingIn, missingOf } from '../reading/missing.ts';
import { type BlockRequest, PastBlocks } from '../reading/past-blocks.ts';
import type { TimeRange } from '../reading/time-range.ts';

/** An answer in steps: it yields after each segment, and returns the answer at its end. */
export type Answering<Value> = Generator<void, Value, undefined>;

export interface RangeRequest {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly filter?: string | undefined;
}

export class PastView {
  readonly directory: string;
  readonly known: KnownFacts;
  readonly journal: Journal;
  readonly blocks: PastBlocks;

  /** Throws the error of the file system. */
  constructor(directory: string, known: KnownFacts) {
    this.directory = directory;
    this.known = known;
    this.journal = readJournal(directory);
    this.blocks = new PastBlocks(directory, new InterfaceHistory(this.journal.entries), known);
  }

  /** Call it when the segments were read. `more`: what else is missing. */
  coverage(
    range: TimeRange,
    { packets, records }: { packets: number; records: number },
    more: readonly MissingPart[] = [],
  ): Coverage {
    const { oldestNs, corrupt } = this.blocks;
    const missing = missingIn({ range, oldestNs, corrupt, journal: this.journal.entries });
    return { packets, records, missing: [...missing, ...more].map(missingOf) };
  }
}

export function blockRequest({ from_ms, to_ms, filter }: RangeRequest): BlockRequest {
  return { range: { fromNs: nsOf(from_ms), toNs: nsOf(to_ms) }, filter: filterOf(filter) };
}

const NS_PER_MS = 1_000_000;

/** Whole milliseconds are exact. */
export function nsOf(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * BigInt(NS_PER_MS) + BigInt(Math.floor((ms - whole) * NS_PER_MS));
}

/** Returns undefined if the filter matches everything. */
function filterOf(text: string | undefined): Filter | undefined {
  const filter = text === undefined ? EVERYTHING : simplified(parseFilter(text));
  return filter.kind === 'all' ? undefined : filter;
}
