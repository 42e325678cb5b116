/** What the records of a range do not contain, from the journal beside the segments. */
import type { Journal, JournalEntryOf } from '../recorder/format/index.ts';
import type { PastRange } from './past-dry-run.ts';

export interface IncompleteRange {
  /** Records that were lost. A gap may reach beyond the range. */
  readonly gaps: readonly Pick<JournalEntryOf<'gap'>, 'from_ns' | 'to_ns' | 'records' | 'cause'>[];
  /** Times without recorder. */
  readonly notRecording: readonly Period[];
  /** Segments deleted for their age or for room, some of whose records may be outside of the range. */
  readonly expired: { readonly segments: number; readonly records: number };
  /** Records that `packetlog forget` removed. */
  readonly forgotten: number;
  /** Lines of the journal that cannot be read: something else may be missing. */
  readonly unreadable: number;
}

export function incompleteRange({ entries, unreadable }: Journal, range: PastRange): IncompleteRange {
  const gaps: JournalEntryOf<'gap'>[] = [];
  const expired = { segments: 0, records: 0 };
  let forgotten = 0;
  for (const entry of entries) {
    if (entry.kind === 'gap' && overlaps(range, entry)) gaps.push(entry);
    if (entry.kind === 'forgotten' && overlaps(range, entry)) forgotten += entry.records;
    if (entry.kind !== 'expired' || !overlaps(range, entry)) continue;
    expired.segments++;
    expired.records += entry.records;
  }
  return { gaps, notRecording: notRecording(entries, range), expired, forgotten, unreadable };
}

interface Period {
  readonly from_ns: bigint;
  readonly to_ns: bigint;
}

function notRecording(entries: Journal['entries'], range: PastRange): Period[] {
  const periods: Period[] = [];
  let stoppedNs: bigint | undefined;
  for (const { kind, at_ns } of entries) {
    if (kind === 'stop') stoppedNs = at_ns;
    if (kind !== 'start' || stoppedNs === undefined) continue;
    periods.push({ from_ns: stoppedNs, to_ns: at_ns });
    stoppedNs = undefined;
  }
  const { toNs } = range;
  // A range that ends later than the last stop.
  if (stoppedNs !== undefined && toNs !== undefined && stoppedNs < toNs)
    periods.push({ from_ns: stoppedNs, to_ns: toNs });
  return periods.filter((period) => overlaps(range, period));
}

function overlaps({ fromNs = 0n, toNs }: PastRange, { from_ns, to_ns }: Period): boolean {
  return to_ns >= fromNs && (toNs === undefined || from_ns < toNs);
}
