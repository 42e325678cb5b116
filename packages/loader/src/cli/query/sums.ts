/** The sums that `packetlog query` prints: all packets, by time, by key. */
import { dirname } from 'node:path';
import {
  ACTIONS,
  type HistoryColumn,
  type PairColumns,
  type RateSums,
  type RecordColumns,
  type RecordSums,
  type SegmentFacts,
  type StepSums,
  SumsByKey,
  SumsByTime,
  type TimeStep,
} from '@packetlog/common';
import {
  type BlockRequest,
  type PairBlock,
  type PastBlock,
  type PastBlocks,
  readColumns,
} from '../../past/reading/past-blocks.ts';
import type { InterfacePeriod } from '../../recorder/format/interface-history.ts';
import type { SegmentFile } from '../../recorder/format/segment.ts';
import { readRates } from '../../recorder/format/segment-rates.ts';
import { filterOfTop, type GroupOf, type TopKind } from './top-names.ts';

export interface TopRow extends RecordSums {
  readonly value: number | string;
  readonly port?: number;
  /** Name of an AS or a country. */
  readonly title?: string;
}

export interface TopResult {
  readonly kind: TopKind;
  readonly entries: readonly TopRow[];
  readonly others: RecordSums;
  readonly distinct: number;
  readonly beyond: RecordSums;
  readonly total: RecordSums;
}

export interface StepRow extends StepSums {
  /** Packets. */
  readonly denied: number;
}

export interface SeriesResult {
  readonly steps: readonly StepRow[];
  /** Records of steps for which there was no room. */
  readonly beyond: RecordSums;
  readonly total: RecordSums;
}

const ZERO: RecordSums = { packets: 0, bytes: 0, records: 0 };

export function added(one: RecordSums, other: RecordSums): RecordSums {
  return {
    packets: one.packets + other.packets,
    bytes: one.bytes + other.bytes,
    records: one.records + other.records,
  };
}

/** Counts packets and records, not bytes. A segment that is selected as a whole is answered by its index. */
export function countOf(blocks: PastBlocks, request: BlockRequest): RecordSums {
  let sum = ZERO;
  const take = ({ pairs, rows }: PairBlock) => {
    sum = added(sum, countOfPairs(pairs, rows));
    return true;
  };
  blocks.read(
    request.filter === undefined ? request : { ...request, pairs: { withBytes: false, take } },
    ({ facts, columns, rows }) => {
      sum = Object.values(rows === undefined ? facts.actions : { rows: countOfRows(columns, rows) }).reduce(added, sum);
    },
  );
  return { ...sum, bytes: 0 };
}

function countOfPairs({ count, packets, records }: PairColumns, rows: Uint8Array | undefined): RecordSums {
  const sum = { packets: 0, bytes: 0, records: 0 };
  for (let i = 0; i < count; i++) {
    if (rows !== undefined && rows[i] !== 1) continue;
    sum.packets += packets[i] as number;
    sum.records += records[i] as number;
  }
  return sum;
}

/** Does not read the lengths: that would take a fifth of the time. */
function countOfRows({ count, weight }: RecordColumns, rows: Uint8Array): RecordSums {
  const sum = { packets: 0, bytes: 0, records: 0 };
  for (let i = 0; i < count; i++) {
    if (rows[i] !== 1) continue;
    sum.packets += weight[i] as number;
    sum.records++;
  }
  return sum;
}

/**
 * Sums up by time; steps without packets are not in the result. Without a filter, a sealed segment that lies in the
 * range as a whole is answered by its `.rates` file, and its records are not read. `maxSteps`: as of SumsByTime.
 */
export function sumsByStep(blocks: PastBlocks, request: BlockRequest, step: TimeStep, maxSteps?: number): SeriesResult {
  const all = new SumsByTime(step, maxSteps);
  const denied = new SumsByTime(step, maxSteps);
  let unread = ZERO;
  const shortcut = (file: SegmentFile, facts: SegmentFacts) => {
    const rates = readRates(dirname(file.path), file, facts);
    if (rates === undefined || all.stepNs % rates.stepNs !== 0n) return false;
    const sums = stepsOf(rates, 'packets', 'bytes');
    const deniedSums = stepsOf(rates, 'denied', 'denied_bytes');
    // The number of records by step is not known, so none of them can be in `beyond`.
    if (!all.hasRoomFor(sums) || !denied.hasRoomFor(deniedSums)) return false;
    all.addSums(sums);
    denied.addSums(deniedSums);
    unread = added(unread, { packets: 0, bytes: 0, records: facts.records });
    return true;
  };
  blocks.read({ ...request, shortcut }, ({ facts, columns, rows }) => {
    readColumns(columns, ['timestamp_ns', 'weight', 'length']);
    const deniedRows = facts.actions.deny.records === 0 ? undefined : marksOfDenied(columns, rows);
    all.add(columns, rows);
    if (deniedRows !== undefined) denied.add(columns, deniedRows);
  });
  const deniedAt = new Map(denied.sums().map(({ start_ns, packets }) => [start_ns, packets]));
  const sums = all.sums();
  const steps = sums
    .filter(({ packets }) => packets > 0)
    .map(({ start_ns, packets, bytes }) => ({ start_ns, packets, bytes, denied: deniedAt.get(start_ns) ?? 0 }));
  return { steps, beyond: { ...all.beyond }, total: sums.reduce<RecordSums>(added, added(all.beyond, unread)) };
}

function stepsOf(rates: RateSums, packetsColumn: HistoryColumn, bytesColumn: HistoryColumn): StepSums[] {
  const bytes = rates.column(bytesColumn);
  const sums = rates.column(packetsColumn).map((packets, i) => ({
    start_ns: rates.firstNs + BigInt(i) * rates.stepNs,
    packets,
    bytes: bytes[i] as number,
  }));
  return sums.filter(({ packets }) => packets > 0);
}

function marksOfDenied({ count, action }: RecordColumns, rows: Uint8Array | undefined): Uint8Array {
  const marks = new Uint8Array(count);
  for (let i = 0; i < count; i++)
    marks[i] = action[i] === ACTIONS.deny && (rows === undefined || rows[i] === 1) ? 1 : 0;
  return marks;
}

export function topOf(blocks: PastBlocks, given: BlockRequest, kind: TopKind, limit: number): TopResult {
  const request = { ...given, filter: filterOfTop(kind, given.filter) };
  const { groupOf } = kind;
  if (groupOf !== undefined) {
    return groupedTop(topKeys(blocks, request, kind, Number.POSITIVE_INFINITY), groupOf, limit);
  }
  return kind.key === 'ifindex' ? topInterfaces(blocks, request, kind, limit) : topKeys(blocks, request, kind, limit);
}

function topKeys(blocks: PastBlocks, request: BlockRequest, kind: TopKind, limit: number): TopResult {
  const sums = new SumsByKey(kind.key);
  const take = ({ pairs, rows }: PairBlock) => {
    sums.addPairs(pairs, rows);
    return true;
  };
  blocks.read(sums.isOfPairs ? { ...request, pairs: { withBytes: true, take } } : request, ({ columns, rows }) => {
    readColumns(columns, sums.columns);
    sums.add(columns, rows);
  });
  const top = sums.top(limit);
  return { kind, ...top, total: top.entries.reduce<RecordSums>(added, top.others) };
}

/** Adds up the sources of each group. `all`: the sums of all sources. */
function groupedTop(all: TopResult, groupOf: GroupOf, limit: number): TopResult {
  const groups = new Map<string, TopRow>();
  for (const { value: address, ...sums } of all.entries) {
    const { value, title } = groupOf(String(address));
    const group = groups.get(value);
    groups.set(value, {
      value,
      ...(title !== undefined && { title }),
      ...(group === undefined ? sums : added(group, sums)),
    });
  }
  const sorted = [...groups.values()].sort((one, other) => other.packets - one.packets);
  const others = sorted.slice(limit).reduce<RecordSums>(added, all.others);
  return { ...all, entries: sorted.slice(0, limit), others, distinct: groups.size };
}

/** By name, because an ifindex can have another meaning later. */
function topInterfaces(blocks: PastBlocks, request: BlockRequest, kind: TopKind, limit: number): TopResult {
  const sums = new Map<string, RecordSums>();
  const add = (entries: readonly TopRow[], period: InterfacePeriod) => {
    for (const { value, ...each } of entries) {
      const name = period.nameOf(Number(value));
      sums.set(name, added(sums.get(name) ?? ZERO, each));
    }
  };
  const take = ({ pairs, rows, period }: PairBlock) => {
    const ofSegment = new SumsByKey('ifindex');
    ofSegment.addPairs(pairs, rows);
    add(ofSegment.top(Number.POSITIVE_INFINITY).entries, period);
    return true;
  };
  blocks.read({ ...request, byPeriod: true, pairs: { withBytes: true, take } }, (block) =>
    add(sumsOfInterfaces(block), block.period),
  );
  const sorted = [...sums]
    .map(([value, each]) => ({ value, ...each }))
    .sort((one, other) => other.packets - one.packets);
  const others = sorted.slice(limit).reduce<RecordSums>(added, ZERO);
  const total = sorted.reduce<RecordSums>(added, ZERO);
  return { kind, entries: sorted.slice(0, limit), others, distinct: sorted.length, beyond: ZERO, total };
}

function sumsOfInterfaces({ columns, rows }: PastBlock): readonly TopRow[] {
  const sums = new SumsByKey('ifindex');
  readColumns(columns, sums.columns);
  sums.add(columns, rows);
  return sums.top(Number.POSITIVE_INFINITY).entries;
}
