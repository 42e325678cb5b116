/** Evaluates recorded packets with rules that were not in force, segment by segment. */
import { PACKET_LOG_SIZE, PacketLogView, packetLogJson, type Rule } from '@packetlog/common';
import { overlaps, type TimeRange } from '../past/reading/time-range.ts';
import { CorruptSegmentError, type InterfaceHistory, type Segment } from '../recorder/format/index.ts';
import { RuleImage } from '../rules/evaluator/rule-image.ts';
import { BlockEvaluator, NOT_EVALUATED } from './block-evaluator.ts';
import { DeniedSums, SUMMED_FIELDS } from './denied-sums.ts';
import { LimitReplay } from './limit-replay.ts';

/** A packet that would have been denied and was not. */
export interface DeniedExample {
  readonly record: Uint8Array;
  /** The interface's name of the time. */
  readonly interfaceName: string;
}

export interface PastDryRunOptions {
  /** Of rules without expiry. Undefined: nothing is denied. */
  readonly image: SharedArrayBuffer | undefined;
  /** Those of the image. */
  readonly rules: readonly Rule[];
  /** Interface slot in the image by name. */
  readonly slots: ReadonlyMap<string, number>;
  readonly range: TimeRange;
  readonly history: InterfaceHistory;
  readonly maxSources?: number;
}

/** Maximum sources that are counted separately: about 40 MiB. */
const MAX_SOURCES = 524_288;
const MAX_EXAMPLES = 10;
const EXAMPLE_SHAPE = { count: 1, stride: PACKET_LOG_SIZE, recordOffset: 0 };

export class PastDryRun {
  readonly sums: DeniedSums | undefined;
  /** Undefined: there are no limits among the rules. */
  readonly limits: LimitReplay | undefined;
  readonly evaluated = { records: 0, packets: 0, bytes: 0 };
  readonly examples: DeniedExample[] = [];
  /** Names in rules that an interface had at some time of the evaluated records. */
  readonly knownInterfaces = new Set<string>();
  firstNs: bigint | undefined;
  lastNs: bigint | undefined;
  readonly #options: PastDryRunOptions;
  readonly #evaluator: BlockEvaluator | undefined;

  constructor(options: PastDryRunOptions) {
    this.#options = options;
    if (options.image === undefined) return;
    const image = new RuleImage(new Uint8Array(options.image));
    this.#evaluator = new BlockEvaluator(image);
    this.sums = new DeniedSums(image, options.maxSources ?? MAX_SOURCES);
    if (options.rules.some(({ action }) => action === 'limit')) this.limits = new LimitReplay(image, options.rules);
  }

  /** Adds the segment's records in the range. @throws CorruptSegmentError; then nothing of it was added. */
  add(segment: Segment): void {
    const { facts } = segment;
    if (facts.records === 0 || !overlaps(this.#options.range, facts)) return;
    const parts = this.#partsOf(segment);
    const isWhole = parts.every(({ rows }) => rows === undefined) && coversAll(facts, this.#options.range);
    const amounts = isWhole ? wholeAmounts(segment) : partAmounts(segment, parts);
    if (amounts.records === 0) return;
    const nodes = this.#nodesOf(segment, parts);
    const block = nodes && segment.columns(SUMMED_FIELDS);
    const records = this.limits && segment.records();
    // From here on nothing fails.
    this.evaluated.records += amounts.records;
    this.evaluated.packets += amounts.packets;
    this.evaluated.bytes += amounts.bytes;
    if (this.firstNs === undefined || amounts.firstNs < this.firstNs) this.firstNs = amounts.firstNs;
    if (this.lastNs === undefined || amounts.lastNs > this.lastNs) this.lastNs = amounts.lastNs;
    if (records) this.limits?.add(records, parts);
    if (nodes === undefined || block === undefined) return;
    const found = this.sums?.add(block, nodes, MAX_EXAMPLES - this.examples.length) ?? [];
    if (found.length > 0) this.#keepExamples(segment, found);
  }

  /** Returns the node of each record; undefined if the rules concern none of the segment's sources. */
  #nodesOf(segment: Segment, parts: readonly Part[]): Int32Array | undefined {
    const evaluator = this.#evaluator;
    if (evaluator === undefined) return undefined;
    const values = evaluator.lookUp(segment.dictionary('src_addr'));
    if (!values.mayMatch) return undefined;
    const block = segment.columns(evaluator.fields) as Parameters<BlockEvaluator['evaluate']>[0];
    const nodes = new Int32Array(segment.facts.records).fill(NOT_EVALUATED);
    for (const { slots, rows } of parts) evaluator.evaluate(block, values, slots, nodes, rows);
    return nodes;
  }

  /** Splits the range of a segment where interfaces got other names. */
  #partsOf(segment: Segment): Part[] {
    const { facts } = segment;
    const { range, history, slots } = this.#options;
    const periods = history.between(facts.firstNs, facts.lastNs);
    const times = periods.length > 1 || !coversAll(facts, range) ? segment.columns(['timestamp_ns']) : undefined;
    return periods.map((period) => {
      const start = later(range.fromNs ?? 0n, period.startNs);
      const end = earlier(range.toNs, period.endNs);
      const byIfindex = new Map<number, number>();
      for (const [name, slot] of slots) {
        for (const ifindex of period.indexesOf(name)) {
          byIfindex.set(ifindex, slot);
          this.knownInterfaces.add(name);
        }
      }
      return {
        slots: byIfindex,
        rows: times && rowsBetween(times.timestamp_ns, start, end),
        times: times?.timestamp_ns,
      };
    });
  }

  #keepExamples(segment: Segment, found: readonly number[]): void {
    let records: Uint8Array;
    try {
      records = segment.records();
    } catch (error) {
      // A column that only examples need is damaged: another segment may have examples.
      if (error instanceof CorruptSegmentError) return;
      throw error;
    }
    for (const i of found) {
      const record = records.slice(i * PACKET_LOG_SIZE, (i + 1) * PACKET_LOG_SIZE);
      const view = new PacketLogView(record, EXAMPLE_SHAPE);
      const time = view.timestampNs(0);
      const [period] = this.#options.history.between(time, time);
      const ifindex = view.ifindex(0);
      this.examples.push({ record, interfaceName: period?.nameOf(ifindex) ?? String(ifindex) });
    }
  }
}

/** Returns the example as `--print json` prints it. */
export function exampleObject({ record, interfaceName }: DeniedExample): object {
  return JSON.parse(packetLogJson(new PacketLogView(record, EXAMPLE_SHAPE), 0, interfaceName)) as object;
}

export function exampleView({ record }: DeniedExample): PacketLogView {
  return new PacketLogView(record, EXAMPLE_SHAPE);
}

interface Part {
  /** By ifindex. */
  readonly slots: ReadonlyMap<number, number>;
  /** Undefined: all records. */
  readonly rows: Uint8Array | undefined;
  readonly times: BigUint64Array | undefined;
}

interface Amounts {
  readonly records: number;
  readonly packets: number;
  readonly bytes: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

function wholeAmounts({ facts }: Segment): Amounts {
  const sums = Object.values(facts.actions);
  const total = (of: 'packets' | 'bytes') => sums.reduce((sum, action) => sum + action[of], 0);
  const { records, firstNs, lastNs } = facts;
  return { records, packets: total('packets'), bytes: total('bytes'), firstNs, lastNs };
}

function partAmounts(segment: Segment, parts: readonly Part[]): Amounts {
  const { weight, length } = segment.columns(['weight', 'length']);
  const sums = { records: 0, packets: 0, bytes: 0, firstNs: segment.facts.lastNs, lastNs: segment.facts.firstNs };
  for (const { rows, times } of parts) {
    if (rows === undefined || times === undefined) continue;
    for (let i = 0; i < rows.length; i++) {
      if (rows[i] !== 1) continue;
      const packets = weight[i] as number;
      const time = times[i] as bigint;
      sums.records++;
      sums.packets += packets;
      sums.bytes += packets * (length[i] as number);
      if (time < sums.firstNs) sums.firstNs = time;
      if (time > sums.lastNs) sums.lastNs = time;
    }
  }
  return sums;
}

function rowsBetween(times: BigUint64Array, start: bigint, end: bigint | undefined): Uint8Array {
  const rows = new Uint8Array(times.length);
  for (let i = 0; i < times.length; i++) {
    const time = times[i] as bigint;
    if (time >= start && (end === undefined || time < end)) rows[i] = 1;
  }
  return rows;
}

type Times = Pick<Segment['facts'], 'firstNs' | 'lastNs'>;

function coversAll({ firstNs, lastNs }: Times, { fromNs = 0n, toNs }: TimeRange): boolean {
  return fromNs <= firstNs && (toNs === undefined || toNs > lastNs);
}

function later(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

function earlier(one: bigint | undefined, other: bigint | undefined): bigint | undefined {
  return one === undefined || (other !== undefined && other < one) ? other : one;
}
