/** What is missing in a range of the past, as the journal and the segments say. */
import type { RecordSums } from '@packetlog/common';
import type { CorruptSegmentError } from '../../recorder/format/corrupt-segment-error.ts';
import type { JournalEntry, JournalEntryOf } from '../../recorder/format/journal-entry.ts';
import type { TimeRange } from '../segments/past-records.ts';
import { plural, utcText } from '../segments/report-text.ts';

export interface Answered {
  readonly range: TimeRange;
  /** Time of the oldest and the newest record in the directory; undefined: there is none. */
  readonly oldestNs: bigint | undefined;
  readonly newestNs: bigint | undefined;
  /** Sums of what was selected. */
  readonly total: RecordSums;
  /** Whether there can be more that was not read, because of the limit of rows. */
  readonly isLimited: boolean;
  readonly corrupt: readonly CorruptSegmentError[];
  readonly journal: readonly JournalEntry[];
}

/** Returns lines without a period at the end of the last; the first has range, packets and whether it is complete. */
export function completenessLines(answered: Answered): readonly string[] {
  const { total, isLimited, corrupt } = answered;
  const missing = missingLines(answered);
  const sampled = total.records === total.packets ? '' : `; sampled: ${plural(total.records, 'record')} stand for them`;
  const state = missing.length === 0 ? 'complete' : 'not complete:';
  return [
    ...corrupt.map(({ message }) => `packetlog: ${message}`),
    `${rangeText(answered)}: ${isLimited ? 'at least ' : ''}${plural(total.packets, 'packet')}${sampled}, ${state}`,
    ...missing.map((line) => `  ${line}`),
  ];
}

function rangeText({ range, oldestNs, newestNs }: Answered): string {
  const from = range.fromNs ?? oldestNs;
  const to = range.toNs ?? newestNs;
  if (from === undefined && to === undefined) return 'No packets are recorded';
  return `${from === undefined ? 'the first packet' : utcText(from)} to ${to === undefined ? 'the last packet' : utcText(to)} UTC`;
}

function missingLines({ range, oldestNs, corrupt, journal }: Answered): string[] {
  const inRange = <K extends 'gap' | 'expired' | 'forgotten'>(kind: K, firstNs = 0n) =>
    journal.filter(
      (entry): entry is JournalEntryOf<K> =>
        entry.kind === kind &&
        'from_ns' in entry &&
        entry.to_ns >= (range.fromNs ?? firstNs) &&
        (range.toNs === undefined || entry.from_ns < range.toNs),
    );
  // Without a limit, the range begins with the oldest record that is kept.
  const lines = gapLines(inRange('gap', oldestNs));
  const expired = range.fromNs === undefined ? [] : inRange('expired');
  if (expired.length > 0) {
    const since = oldestNs === undefined ? '' : `; the oldest that is kept is of ${utcText(oldestNs)} UTC`;
    lines.push(`expired: ${plural(sumOf(expired), 'record')} in segments that reach into the range${since}`);
  }
  const forgotten = inRange('forgotten');
  if (forgotten.length > 0) lines.push(`removed by packetlog forget: ${plural(sumOf(forgotten), 'record')}`);
  lines.push(...pauses(journal, range).map(pauseLine));
  if (corrupt.length > 0)
    lines.push(`${plural(corrupt.length, 'damaged segment')} skipped; packetlog segments verify shows all damage`);
  return lines;
}

/** Gaps whose times a line names. */
const NAMED_GAPS = 3;

/** One line for each cause. */
function gapLines(gaps: readonly JournalEntryOf<'gap'>[]): string[] {
  return [...new Set(gaps.map(({ cause }) => cause))].map((cause) => {
    const alike = gaps.filter((gap) => gap.cause === cause);
    const named = alike.slice(0, NAMED_GAPS).map(({ from_ns, to_ns }) => `${utcText(from_ns)} to ${utcText(to_ns)}`);
    const more = alike.length > NAMED_GAPS ? [`${alike.length - NAMED_GAPS} more`] : [];
    const times = [...named, ...more].join(', ');
    return `lost: ${plural(sumOf(alike), 'record')} in ${plural(alike.length, 'gap')} (${times} UTC): ${cause}`;
  });
}

interface Pause {
  /** Undefined: recording had not begun before. */
  readonly fromNs: bigint | undefined;
  /** Undefined: it lasts. */
  readonly toNs: bigint | undefined;
}

/** The times in the range when nothing was recorded: before the first start, and from each stop to the next start. */
function pauses(journal: readonly JournalEntry[], { fromNs, toNs }: TimeRange): Pause[] {
  const found: Pause[] = [];
  let stoppedNs: bigint | undefined;
  let isRecording = false;
  for (const { kind, at_ns } of journal) {
    if (kind === 'start') {
      if (!isRecording) found.push({ fromNs: stoppedNs, toNs: at_ns });
      isRecording = true;
    } else if (kind === 'stop') {
      stoppedNs = at_ns;
      isRecording = false;
    }
  }
  if (!isRecording && stoppedNs !== undefined) found.push({ fromNs: stoppedNs, toNs: undefined });
  return found.filter(
    (pause) =>
      // Without limits, the range begins with the first record and ends with the last one.
      (fromNs !== undefined || (pause.fromNs !== undefined && (pause.toNs !== undefined || toNs !== undefined))) &&
      (pause.toNs === undefined || pause.toNs > (fromNs ?? 0n)) &&
      (toNs === undefined || (pause.fromNs ?? 0n) < toNs),
  );
}

function pauseLine({ fromNs, toNs }: Pause): string {
  if (fromNs === undefined) return `not recorded before ${utcText(toNs ?? 0n)} UTC, when recording began`;
  if (toNs === undefined) return `not recorded since ${utcText(fromNs)} UTC, when packetlog stopped`;
  return `not recorded from ${utcText(fromNs)} to ${utcText(toNs)} UTC: packetlog was not running`;
}

function sumOf(entries: readonly { readonly records: number }[]): number {
  return entries.reduce((sum, { records }) => sum + records, 0);
}
