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

/** `oldestNs`: time of the oldest packet that is kept. Atomic. Throws the error of the file system. */
export function compactJournal(directory: string, oldestNs: bigint): void {
  const entries = compacted(readJournal(directory).entries, oldestNs);
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

/** Pure. Returns the entries to keep, in their order; the one about deleted segments comes first. */
export function compacted(entries: readonly JournalEntry[], oldestNs: bigint): JournalEntry[] {
  const expired = entries.filter((entry): entry is JournalEntryOf<'expired'> => entry.kind === 'expired');
  // What was in force when the oldest packet arrived, and when recording first began.
  const inForce = new Set([
    entries.find(({ kind }) => kind === 'start'),
    ...(['start', 'interfaces', 'rules'] as const).map((kind) =>
      entries.findLast((entry) => entry.kind === kind && entry.at_ns <= oldestNs),
    ),
  ]);
  const kept = entries.filter((entry) => entry.kind !== 'expired' && (entry.at_ns > oldestNs || inForce.has(entry)));
  const [first] = expired;
  const last = expired.at(-1);
  if (first === undefined || last === undefined) return kept;
  const sum = (of: 'records' | 'permits' | 'denies') => expired.reduce((total, entry) => total + entry[of], 0);
  const counts = { records: sum('records'), permits: sum('permits'), denies: sum('denies') };
  return [{ ...last, from_ns: first.from_ns, ...counts }, ...kept];
}
