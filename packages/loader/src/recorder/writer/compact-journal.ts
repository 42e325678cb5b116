/**
 * Keeps the journal small: deleted segments add a line each, for as long as packetlog runs. What says something about
 * the packets that are kept stays; the lines about deleted segments become one.
 */
import { closeSync, fdatasyncSync, openSync, renameSync, statSync } from 'node:fs';
import { z } from 'zod';
import { writeAll } from '../../write-all.ts';
import { type JournalEntry, type JournalEntryOf, journalEntrySchema } from '../format/journal-entry.ts';
import { journalPath, readJournal } from '../format/segment-journal.ts';

const OWNER_ONLY = 0o600;

/** Returns the size of the journal in bytes; 0: there is none. */
export function journalBytes(directory: string): number {
  return statSync(journalPath(directory), { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * `oldestNs`: time of the oldest packet that is kept; `segments`: those that are kept. Atomic. Throws the error of the
 * file system.
 */
export function compactJournal(directory: string, oldestNs: bigint, segments: readonly KeptSpan[] = []): void {
  const entries = compacted(readJournal(directory).entries, oldestNs, segments);
  const lines = entries.map((entry) => `${JSON.stringify(z.encode(journalEntrySchema, entry))}\n`);
  const path = journalPath(directory);
  const fd = openSync(`${path}.tmp`, 'w', OWNER_ONLY);
  try {
    writeAll(fd, Buffer.from(lines.join('')));
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${path}.tmp`, path);
}

/** The first record of a segment that is kept. */
interface KeptSpan {
  readonly fromNs: bigint;
}

/**
 * Pure. Returns the entries to keep, in their order; those about deleted segments come first: one, or one for the times
 * between segments that bookmarks keep.
 */
export function compacted(
  entries: readonly JournalEntry[],
  oldestNs: bigint,
  segments: readonly KeptSpan[] = [],
): JournalEntry[] {
  const expired = entries.filter((entry): entry is JournalEntryOf<'expired'> => entry.kind === 'expired');
  // What was in force when the oldest packet arrived, and when recording first began.
  const inForce = new Set([
    entries.find(({ kind }) => kind === 'start'),
    ...(['start', 'interfaces', 'rules'] as const).map((kind) =>
      entries.findLast((entry) => entry.kind === kind && entry.at_ns <= oldestNs),
    ),
  ]);
  const kept = entries.filter((entry) => entry.kind !== 'expired' && (entry.at_ns > oldestNs || inForce.has(entry)));
  return [...runsOf(expired, segments).map(merged), ...kept];
}

type Expired = JournalEntryOf<'expired'>;

/** Splits the entries where a segment is kept between two of them. */
function runsOf(expired: readonly Expired[], segments: readonly KeptSpan[]): Expired[][] {
  const runs: Expired[][] = [];
  const sorted = [...expired].sort((one, other) => (one.from_ns < other.from_ns ? -1 : 1));
  for (const entry of sorted) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    const isApart =
      before !== undefined && segments.some(({ fromNs }) => fromNs >= before.from_ns && fromNs < entry.from_ns);
    if (run === undefined || isApart) runs.push([entry]);
    else run.push(entry);
  }
  return runs;
}

function merged(run: readonly Expired[]): Expired {
  const [first, last] = [run[0] as Expired, run.at(-1) as Expired];
  const sum = (of: 'records' | 'permits' | 'denies') => run.reduce((total, entry) => total + entry[of], 0);
  const counts = { records: sum('records'), permits: sum('permits'), denies: sum('denies') };
  return { ...last, from_ns: first.from_ns, ...counts };
}
