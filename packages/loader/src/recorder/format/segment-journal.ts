/** Reads and appends to `journal.ndjson`: one JSON object per line (journal-entry.ts). */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { writeAll } from '../../write-all.ts';
import { ifPresent } from './if-present.ts';
import { type JournalEntry, journalEntrySchema } from './journal-entry.ts';

const OWNER_ONLY = 0o600;
const NEWLINE = 0x0a;

export function journalPath(directory: string): string {
  return join(directory, 'journal.ndjson');
}

export interface Journal {
  /** In the order of the file. */
  readonly entries: readonly JournalEntry[];
  /** Lines that are no entry of a known kind. A last line without its end is not counted: it is being written. */
  readonly unreadable: number;
}

/** Returns an empty journal if there is none. Throws the error of the file system. */
export function readJournal(directory: string): Journal {
  const text = ifPresent(() => readFileSync(journalPath(directory), 'utf8')) ?? '';
  const lines = text.split('\n');
  lines.pop();
  const entries = lines.flatMap((line) => parsed(line) ?? []);
  const written = lines.filter((line) => line !== '').length;
  return { entries, unreadable: written - entries.length };
}

function parsed(line: string): JournalEntry | undefined {
  try {
    return z.safeDecode(journalEntrySchema, JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/**
 * Appends an entry with one write. Ends a line that a crash left unfinished. Throws the error of the file system, and
 * an Error if the entry is invalid.
 */
export function appendToJournal(directory: string, entry: JournalEntry): void {
  const line = `${JSON.stringify(z.encode(journalEntrySchema, entry))}\n`;
  const fd = openSync(journalPath(directory), 'a+', OWNER_ONLY);
  try {
    writeAll(fd, endsWithNewline(fd) ? line : `\n${line}`);
  } finally {
    closeSync(fd);
  }
}

/** Also true for an empty file. */
function endsWithNewline(fd: number): boolean {
  const { size } = fstatSync(fd);
  const last = Buffer.of(NEWLINE);
  if (size > 0) readSync(fd, last, 0, 1, size - 1);
  return last[0] === NEWLINE;
}
