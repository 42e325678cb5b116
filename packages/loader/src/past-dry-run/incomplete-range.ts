/** What the records of a range do not contain, from the journal beside the segments. */
import { gapsIn, lossesIn, pausesIn } from '../past/reading/missing.ts';
import type { TimeRange } from '../past/reading/time-range.ts';
import type { Journal, JournalEntryOf } from '../recorder/format/index.ts';

export interface IncompleteRange {
  /** Records that were lost. A gap may reach beyond the range. */
  readonly gaps: readonly Pick<JournalEntryOf<'gap'>, 'from_ns' | 'to_ns' | 'records' | 'cause'>[];
  /** Times without recorder, after it had recorded. */
  readonly notRecording: readonly Period[];
  /** Segments deleted for their age or for room, some of whose records may be outside of the range. */
  readonly expired: { readonly segments: number; readonly records: number };
  /** Records that `packetlog forget` removed. */
  readonly forgotten: number;
  /** Lines of the journal that cannot be read: something else may be missing. */
  readonly unreadable: number;
}

export function incompleteRange({ entries, unreadable }: Journal, range: TimeRange): IncompleteRange {
  const expired = lossesIn(entries, 'expired', range);
  return {
    gaps: gapsIn(entries, range),
    notRecording: notRecording(entries, range),
    expired: { segments: expired.length, records: recordsOf(expired) },
    forgotten: recordsOf(lossesIn(entries, 'forgotten', range)),
    unreadable,
  };
}

interface Period {
  readonly from_ns: bigint;
  readonly to_ns: bigint;
}

/** A pause that lasts ends with the range. */
function notRecording(entries: Journal['entries'], { fromNs = 0n, toNs }: TimeRange): Period[] {
  return pausesIn(entries, { fromNs, toNs }).flatMap(({ fromNs: from_ns, toNs: to_ns = toNs }) =>
    from_ns === undefined || to_ns === undefined ? [] : { from_ns, to_ns },
  );
}

function recordsOf(entries: readonly { readonly records: number }[]): number {
  return entries.reduce((sum, { records }) => sum + records, 0);
}
