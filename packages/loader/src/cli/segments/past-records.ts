/** Reads the records of a range of time from segments, with the names that the interfaces had then. */
import { compileFilter, type Filter, PACKET_LOG_SIZE, PacketLogView, type RecordPredicate } from '@packetlog/common';
import { overlaps, type TimeRange } from '../../past/reading/time-range.ts';
import { CorruptSegmentError } from '../../recorder/format/corrupt-segment-error.ts';
import { InterfaceHistory, type InterfacePeriod } from '../../recorder/format/interface-history.ts';
import { openSegment } from '../../recorder/format/open-segment.ts';
import type { Segment } from '../../recorder/format/segment.ts';
import { listSegments } from '../../recorder/format/segment-files.ts';
import { readJournal } from '../../recorder/format/segment-journal.ts';

export interface PastBatch {
  readonly view: PacketLogView;
  readonly period: InterfacePeriod;
}

export class PastRecords {
  /** Segments that could not be read. */
  readonly corrupt: CorruptSegmentError[] = [];
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Yields the matching records, each batch from one segment and one period. Skips damaged segments and adds them to
   * `corrupt`. Throws the error of the file system.
   */
  *read(range: TimeRange, filter: Filter | undefined): Generator<PastBatch, void, undefined> {
    const history = new InterfaceHistory(readJournal(this.#directory).entries);
    for (const file of listSegments(this.#directory)) {
      try {
        using segment = openSegment(file);
        if (segment !== undefined && segment.facts.records > 0 && overlaps(range, segment.facts))
          yield* matching(segment, range, filter, history);
      } catch (error) {
        if (!(error instanceof CorruptSegmentError)) throw error;
        this.corrupt.push(error);
      }
    }
  }
}

function* matching(
  segment: Segment,
  { fromNs = 0n, toNs }: TimeRange,
  filter: Filter | undefined,
  history: InterfaceHistory,
): Generator<PastBatch, void, undefined> {
  const { firstNs, lastNs } = segment.facts;
  const records = segment.records();
  for (const period of history.between(firstNs, lastNs)) {
    const start = fromNs > period.startNs ? fromNs : period.startNs;
    const end = period.endNs === undefined || (toNs !== undefined && toNs < period.endNs) ? toNs : period.endNs;
    const isWhole = start <= firstNs && (end === undefined || end > lastNs);
    const matches = filter && compileFilter(filter, period);
    const chosen = isWhole && matches === undefined ? records : selected(records, start, end, matches);
    const count = chosen.length / PACKET_LOG_SIZE;
    if (count > 0)
      yield { view: new PacketLogView(chosen, { count, stride: PACKET_LOG_SIZE, recordOffset: 0 }), period };
  }
}

function selected(
  records: Uint8Array,
  start: bigint,
  end: bigint | undefined,
  matches: RecordPredicate | undefined,
): Uint8Array {
  const chosen = new Uint8Array(records.length);
  const data = new DataView(records.buffer, records.byteOffset, records.byteLength);
  let length = 0;
  for (let at = 0; at < records.length; at += PACKET_LOG_SIZE) {
    const time = data.getBigUint64(at, true);
    if (time < start || (end !== undefined && time >= end) || matches?.(records, at) === false) continue;
    chosen.set(records.subarray(at, at + PACKET_LOG_SIZE), length);
    length += PACKET_LOG_SIZE;
  }
  return chosen.subarray(0, length);
}
