/** Selects the records of a range of time in segments, column by column. */

import { dirname } from 'node:path';
import {
  arePairFields,
  type ColumnFilter,
  compileColumnFilter,
  type Filter,
  type FilterLook,
  interfacesNamed,
  type PacketLogFieldName,
  type PairColumns,
  type RecordColumns,
  type SegmentFacts,
} from '@packetlog/common';
import { CorruptSegmentError } from '../../recorder/format/corrupt-segment-error.ts';
import type { InterfaceHistory, InterfacePeriod } from '../../recorder/format/interface-history.ts';
import { lazyColumns } from '../../recorder/format/lazy-columns.ts';
import { openSegment } from '../../recorder/format/open-segment.ts';
import { SealedSegment } from '../../recorder/format/sealed-segment.ts';
import type { Segment, SegmentFile } from '../../recorder/format/segment.ts';
import { listSegments } from '../../recorder/format/segment-files.ts';
import { readPairs } from '../../recorder/format/segment-pairs.ts';
import type { KnownFacts } from './known-facts.ts';
import { overlaps, type TimeRange } from './time-range.ts';

/** Sums of one segment by pair of addresses, at least one of them selected. */
export interface PairBlock {
  readonly pairs: PairColumns;
  /** A byte for each entry, 1 if it is selected; undefined: all are. */
  readonly rows: Uint8Array | undefined;
  readonly period: InterfacePeriod;
}

/** Records of one segment, at least one. Valid inside the callback that gets it. */
export interface PastBlock {
  /** Number of the segment: a higher one is later. */
  readonly sequence: number;
  readonly facts: SegmentFacts;
  /** Decompressed when they are read. */
  readonly columns: RecordColumns;
  /** A byte for each record, 1 if it is selected; undefined: all are. */
  readonly rows: Uint8Array | undefined;
  readonly period: InterfacePeriod;
}

export interface BlockRequest {
  readonly range: TimeRange;
  readonly filter: Filter | undefined;
  /** Whether each block is of one period: names of interfaces are needed. */
  readonly byPeriod?: boolean;
  /** Starts with the segment of the highest number. */
  readonly newestFirst?: boolean;
  /** Whether a segment with these facts and bytes is needed; its columns are not read otherwise. Called once for each. */
  readonly wants?: (facts: SegmentFacts, bytes: number) => boolean;
  /**
   * Answers for a sealed segment that is selected as a whole, without its columns; returns whether it could.
   */
  readonly shortcut?: (file: SegmentFile, facts: SegmentFacts) => boolean;
  /**
   * Takes the sums by pair of a sealed segment instead of its records, if range and filter select by nothing else than
   * what they have. Their bytes and ports are only read on request. `take` returns false if the records are needed.
   */
  readonly pairs?: { readonly withBytes: boolean; readonly take: (block: PairBlock) => boolean };
}

export class PastBlocks {
  /** Segments that could not be read, each once. */
  readonly corrupt: CorruptSegmentError[] = [];
  /** Time of the oldest and the newest record of all segments that were opened, whatever the range. */
  oldestNs: bigint | undefined;
  newestNs: bigint | undefined;
  readonly #directory: string;
  readonly #history: InterfaceHistory;
  readonly #known: KnownFacts | undefined;
  #rows = new Uint8Array(0);

  /** `known`: what was read before of sealed segments; a segment that is not needed is then not opened. */
  constructor(directory: string, history: InterfaceHistory, known?: KnownFacts) {
    this.#directory = directory;
    this.#history = history;
    this.#known = known;
  }

  /**
   * Calls `take` for each segment with selected records. Reads all columns that `take` needs before anything is added up:
   * when it throws CorruptSegmentError, the segment is skipped and is in `corrupt`. Throws the error of the file system.
   */
  read(request: BlockRequest, take: (block: PastBlock) => void): void {
    for (const _ of this.steps(request, take)) {
      // Without a pause between two segments.
    }
  }

  /** As `read`, one segment at a time: yields after each. */
  *steps(request: BlockRequest, take: (block: PastBlock) => void): Generator<void, void, undefined> {
    const select = new Selection(request, this.#history, (count) => this.#marks(count));
    for (const file of this.#files(request)) {
      try {
        this.#readOne(file, request, select, take);
      } catch (error) {
        if (!(error instanceof CorruptSegmentError)) throw error;
        if (!this.corrupt.some(({ file }) => file === error.file)) this.corrupt.push(error);
      }
      yield;
    }
  }

  #files({ newestFirst = false }: BlockRequest): SegmentFile[] {
    const files = listSegments(this.#directory);
    return newestFirst ? files.reverse() : files;
  }

  #readOne(file: SegmentFile, request: BlockRequest, select: Selection, take: (block: PastBlock) => void): void {
    const isNeeded = (facts: SegmentFacts) => {
      if (facts.records === 0) return false;
      this.#noteTimes(facts);
      return overlaps(request.range, facts) && (request.wants?.(facts, file.bytes) ?? true);
    };
    const known = this.#known?.of(file);
    if (known !== undefined && (!isNeeded(known) || isAnswered(file, known, request))) return;
    using segment = openSegment(file);
    if (segment === undefined) return;
    this.#known?.learn(segment);
    if (known === undefined) {
      if (!isNeeded(segment.facts) || isAnswered(segment.file, segment.facts, request)) return;
    }
    select.blocks(file, segment, take);
  }

  #noteTimes({ firstNs, lastNs }: SegmentFacts): void {
    if (this.oldestNs === undefined || firstNs < this.oldestNs) this.oldestNs = firstNs;
    if (this.newestNs === undefined || lastNs > this.newestNs) this.newestNs = lastNs;
  }

  /** Returns marks that select all records. */
  #marks(count: number): Uint8Array {
    if (this.#rows.length < count) this.#rows = new Uint8Array(count);
    return this.#rows.fill(1, 0, count);
  }
}

function isAnswered(file: SegmentFile, facts: SegmentFacts, { range, filter, shortcut }: BlockRequest): boolean {
  if (shortcut === undefined || filter !== undefined || file.kind === 'hot') return false;
  return liesIn(range, facts) && shortcut(file, facts);
}

/** Whether all records of the segment are in the range. */
function liesIn({ fromNs = 0n, toNs }: TimeRange, { firstNs, lastNs }: SegmentFacts): boolean {
  return firstNs >= fromNs && (toNs === undefined || lastNs < toNs);
}

class Selection {
  readonly #request: BlockRequest;
  readonly #history: InterfaceHistory;
  readonly #marks: (count: number) => Uint8Array;
  readonly #isByPeriod: boolean;
  /** By period, because names of interfaces differ. */
  readonly #filters = new Map<bigint, ColumnFilter>();

  constructor(request: BlockRequest, history: InterfaceHistory, marks: (count: number) => Uint8Array) {
    this.#request = request;
    this.#history = history;
    this.#marks = marks;
    const { filter, byPeriod = false } = request;
    this.#isByPeriod = byPeriod || (filter !== undefined && interfacesNamed(filter).length > 0);
  }

  blocks({ sequence }: SegmentFile, segment: Segment, take: (block: PastBlock) => void): void {
    const { facts } = segment;
    const columns = lazyColumns(segment);
    const all = this.#history.between(facts.firstNs, facts.lastNs);
    const periods = this.#isByPeriod ? all : all.slice(0, 1);
    for (const period of periods) {
      const look = this.#look(columns, period);
      if (look?.isNone) continue;
      if (periods.length === 1 && this.#tookPairs(segment, columns, look, period)) return;
      const rows = this.#rows(columns, facts, look, period);
      if (rows !== 'none') take({ sequence, facts, columns, rows: rows === 'all' ? undefined : rows, period });
    }
  }

  /** Tests the addresses of the segment, if there is a filter. */
  #look(columns: RecordColumns, period: InterfacePeriod): FilterLook | undefined {
    const { filter } = this.#request;
    return filter && this.#filterOf(filter, period).look(columns);
  }

  /** Returns whether the sums by pair were enough. */
  #tookPairs(segment: Segment, columns: RecordColumns, look: FilterLook | undefined, period: InterfacePeriod): boolean {
    const { filter, range, pairs: wanted } = this.#request;
    if (wanted === undefined || !(segment instanceof SealedSegment) || !liesIn(range, segment.facts)) return false;
    if (filter !== undefined && !arePairFields(this.#filterOf(filter, period).columns)) return false;
    const pairs = readPairs(dirname(segment.file.path), segment, {
      withBytes: wanted.withBytes,
      sources: look?.sources,
      dictionary: (field) => columns[field].dictionary,
    });
    if (pairs === undefined) return false;
    const matching = look?.match(pairs);
    return matching?.count === 0 || wanted.take({ pairs, rows: matching?.rows, period });
  }

  #rows(
    columns: RecordColumns,
    facts: SegmentFacts,
    look: FilterLook | undefined,
    period: InterfacePeriod,
  ): Uint8Array | 'all' | 'none' {
    const { range } = this.#request;
    const matching = look?.match(columns);
    if (matching?.count === 0) return 'none';
    const [start, end] = this.#isByPeriod ? both(range, period) : [range.fromNs ?? 0n, range.toNs];
    if (liesIn({ fromNs: start, toNs: end }, facts)) {
      return matching === undefined || matching.count === columns.count ? 'all' : matching.rows;
    }
    const rows = matching?.rows ?? this.#marks(columns.count);
    return keepBetween(rows, columns, start, end) > 0 ? rows : 'none';
  }

  #filterOf(filter: Filter, period: InterfacePeriod): ColumnFilter {
    const key = this.#isByPeriod ? period.startNs : 0n;
    let compiled = this.#filters.get(key);
    if (compiled === undefined) {
      compiled = compileColumnFilter(filter, period);
      this.#filters.set(key, compiled);
    }
    return compiled;
  }
}

function both({ fromNs = 0n, toNs }: TimeRange, { startNs, endNs }: InterfacePeriod): [bigint, bigint | undefined] {
  const isEarlier = endNs !== undefined && (toNs === undefined || endNs < toNs);
  return [fromNs > startNs ? fromNs : startNs, isEarlier ? endNs : toNs];
}

/** Clears the marks of records outside the times, and returns how many are left. */
function keepBetween(rows: Uint8Array, columns: RecordColumns, start: bigint, end: bigint | undefined): number {
  const { timestamp_ns, count } = columns;
  let left = 0;
  for (let i = 0; i < count; i++) {
    if (rows[i] !== 1) continue;
    const time = timestamp_ns[i] as bigint;
    if (time < start || (end !== undefined && time >= end)) rows[i] = 0;
    else left++;
  }
  return left;
}

/** Reads columns, so that damage in one of them is found before anything is added up. */
export function readColumns(columns: RecordColumns, names: Iterable<PacketLogFieldName>): void {
  for (const name of names) {
    const column = columns[name];
    if ('indexes' in column) void column.indexes;
  }
}
