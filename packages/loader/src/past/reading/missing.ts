/**
 * What is missing in a range of recorded packets, as the journal and the segments say. Commands and answers to clients
 * use the same words.
 */
import type { Missing } from '@packetlog/common';
import type { CorruptSegmentError } from '../../recorder/format/corrupt-segment-error.ts';
import type { JournalEntry, JournalEntryOf } from '../../recorder/format/journal-entry.ts';
import { plural, utcText } from './report-text.ts';
import type { TimeRange } from './time-range.ts';

/** What is missing for one cause. */
export interface MissingPart {
  readonly kind: Missing['kind'];
  /** Undefined: without a limit on this side, or not known. */
  readonly fromNs: bigint | undefined;
  readonly toNs: bigint | undefined;
  /** Records, or for `damaged` segments; undefined: not known. */
  readonly count: number | undefined;
  /** A line without a period at its end. */
  readonly line: string;
}

export interface Answered {
  readonly range: TimeRange;
  /** Time of the oldest record in the directory; undefined: there is none. */
  readonly oldestNs: bigint | undefined;
  readonly corrupt: readonly CorruptSegmentError[];
  readonly journal: readonly JournalEntry[];
}

type Loss = JournalEntryOf<'gap' | 'expired' | 'forgotten'>;

export function missingIn({ range, oldestNs, corrupt, journal }: Answered): MissingPart[] {
  // Without a limit, the range begins with the oldest record that is kept.
  const parts = lostIn(gapsIn(journal, { ...range, fromNs: range.fromNs ?? oldestNs }));
  const expired = range.fromNs === undefined ? [] : lossesIn(journal, 'expired', range);
  if (expired.length > 0) {
    const since = oldestNs === undefined ? '' : `; the oldest that is kept is of ${utcText(oldestNs)} UTC`;
    parts.push(
      part('expired', expired, (records) => `expired: ${records} in segments that reach into the range${since}`),
    );
  }
  const forgotten = lossesIn(journal, 'forgotten', range);
  if (forgotten.length > 0) {
    parts.push(part('forgotten', forgotten, (records) => `removed by packetlog forget: ${records}`));
  }
  for (const pause of pausesIn(journal, range)) {
    parts.push({ kind: 'not_recorded', ...pause, count: undefined, line: pauseLine(pause) });
  }
  if (corrupt.length > 0) {
    const line = `${plural(corrupt.length, 'damaged segment')} skipped; packetlog segments verify shows all damage`;
    parts.push({ kind: 'damaged', fromNs: undefined, toNs: undefined, count: corrupt.length, line });
  }
  return parts;
}

/** As a client gets it. */
export function missingOf({ kind, fromNs, toNs, count, line }: MissingPart): Missing {
  return {
    kind,
    ...(fromNs === undefined ? {} : { from_ms: msOf(fromNs) }),
    ...(toNs === undefined ? {} : { to_ms: msOf(toNs) }),
    ...(count === undefined ? {} : { count }),
    message: `${line.charAt(0).toUpperCase()}${line.slice(1)}.`,
  };
}

/** Gaps count with all their records, even if only a part of one lies in the range. */
export function gapsIn(journal: readonly JournalEntry[], range: TimeRange): readonly JournalEntryOf<'gap'>[] {
  return lossesIn(journal, 'gap', range);
}

export function lossesIn<K extends Loss['kind']>(
  journal: readonly JournalEntry[],
  kind: K,
  { fromNs = 0n, toNs }: TimeRange,
): readonly JournalEntryOf<K>[] {
  return journal.filter(
    (entry): entry is JournalEntryOf<K> =>
      entry.kind === kind &&
      'from_ns' in entry &&
      entry.to_ns >= fromNs &&
      (toNs === undefined || entry.from_ns < toNs),
  );
}

export interface Pause {
  /** Undefined: recording had not begun before. */
  readonly fromNs: bigint | undefined;
  /** Undefined: it lasts. */
  readonly toNs: bigint | undefined;
}

/** The times in the range when nothing was recorded: before the first start, and from each stop to the next start. */
export function pausesIn(journal: readonly JournalEntry[], { fromNs, toNs }: TimeRange): Pause[] {
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

/** Gaps whose times a line names. */
const NAMED_GAPS = 3;

/** One part for each cause. */
function lostIn(gaps: readonly JournalEntryOf<'gap'>[]): MissingPart[] {
  return [...new Set(gaps.map(({ cause }) => cause))].map((cause) => {
    const alike = gaps.filter((gap) => gap.cause === cause);
    const named = alike.slice(0, NAMED_GAPS).map(({ from_ns, to_ns }) => `${utcText(from_ns)} to ${utcText(to_ns)}`);
    const more = alike.length > NAMED_GAPS ? [`${alike.length - NAMED_GAPS} more`] : [];
    const times = [...named, ...more].join(', ');
    return part(
      'lost',
      alike,
      (records) => `lost: ${records} in ${plural(alike.length, 'gap')} (${times} UTC): ${cause}`,
    );
  });
}

function part(kind: Missing['kind'], losses: readonly Loss[], lineOf: (records: string) => string): MissingPart {
  const count = losses.reduce((sum, { records }) => sum + records, 0);
  let fromNs: bigint | undefined;
  let toNs: bigint | undefined;
  for (const { from_ns, to_ns } of losses) {
    if (fromNs === undefined || from_ns < fromNs) fromNs = from_ns;
    if (toNs === undefined || to_ns > toNs) toNs = to_ns;
  }
  return { kind, fromNs, toNs, count, line: lineOf(plural(count, 'record')) };
}

const NS_PER_MS = 1_000_000n;

function msOf(ns: bigint): number {
  return Number(ns / NS_PER_MS);
}
