/**
 * Records each change of the rules with its caller, time, reason and difference: one JSON object per line, append only.
 * A full file is rotated to `audit.ndjson.1`, that one to `.2`, and so on; the oldest is removed, so the total size is
 * bounded.
 */
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { type AuditEntry, auditEntrySchema } from '@packetlog/common';
import { asOwnerOf } from '../../system/service-user.ts';
import { type Write, writeAll } from '../../write-all.ts';
import { RulesRejection } from '../ruleset/rejection.ts';

/** Size from which the file is rotated before an append. The last entry may exceed it. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Number of rotated files to keep. */
const MAX_ROTATED = 4;
const OWNER_ONLY = 0o600;
const LINE_FEED = 0x0a;
const TAIL_BYTES = 16 * 1024 * 1024;

export class AuditLog {
  readonly path: string;
  readonly #write: Write | undefined;
  readonly #maxBytes: number;

  /** `write` and `maxBytes` are for tests. */
  constructor(path: string, write?: Write, maxBytes = MAX_BYTES) {
    this.path = path;
    this.#write = write;
    this.#maxBytes = maxBytes;
  }

  /**
   * Appends an entry and flushes it, so that it survives a power loss. Throws the file system's error.
   */
  append(entry: AuditEntry): void {
    asOwnerOf(dirname(this.path), () => this.#append(entry));
  }

  #append(entry: AuditEntry): void {
    const file = this.#open();
    try {
      // A crash may have left an unfinished line: do not append to it.
      const line = `${endsInsideLine(file) ? '\n' : ''}${JSON.stringify(entry)}\n`;
      writeAll(file, line, this.#write);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /**
   * Returns the newest entries, newest first, from the last `tailBytes` of all files, so the cost does not depend on
   * their size. Skips lines that are not entries.
   */
  newest(limit: number, tailBytes = TAIL_BYTES): AuditEntry[] {
    const entries: AuditEntry[] = [];
    let left = tailBytes;
    for (let age = 0; age <= MAX_ROTATED && entries.length < limit && left > 0; age++) {
      const path = this.#rotated(age);
      try {
        const { lines, isTruncated } = readTail(path, left);
        left = isTruncated ? 0 : left - lines.length;
        addEntries(lines, limit, entries);
      } catch (cause) {
        // A crash during a rotation leaves a gap between the files.
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') continue;
        const why = cause instanceof Error ? cause.message : String(cause);
        const message = `The audit file ${path} cannot be read: ${why}. Give the loader read access to it.`;
        throw new RulesRejection({ code: 'internal', message }, { cause });
      }
    }
    return entries;
  }

  /** Opens the file to append to, after rotating it if it is full. */
  #open(): number {
    const file = openSync(this.path, 'a+', OWNER_ONLY);
    if (fstatSync(file).size < this.#maxBytes) return file;
    closeSync(file);
    // The first gap ends the shift: the files behind it keep their names, and the oldest is kept as long as there is room.
    let gap = 1;
    while (gap < MAX_ROTATED && existsSync(this.#rotated(gap))) gap++;
    rmSync(this.#rotated(gap), { force: true });
    for (let age = gap; age > 0; age--) renameSync(this.#rotated(age - 1), this.#rotated(age));
    return openSync(this.path, 'a+', OWNER_ONLY);
  }

  /** Returns the path of the file of this `age`: 0 is the current file, 1 the last one rotated. */
  #rotated(age: number): string {
    return age === 0 ? this.path : `${this.path}.${age}`;
  }
}

/** Adds the entries of `lines`, newest first, until there are `limit`. */
function addEntries(lines: Buffer, limit: number, entries: AuditEntry[]): void {
  for (let end = lines.length; end > 0 && entries.length < limit; ) {
    const feed = lines.lastIndexOf(LINE_FEED, end - 1);
    const entry = feed + 1 < end ? parseEntry(lines.subarray(feed + 1, end)) : undefined;
    if (entry !== undefined) entries.push(entry);
    end = feed;
  }
}

/** Returns the last complete lines of a file, at most `maxBytes`. Throws the file system's error. */
function readTail(path: string, maxBytes: number): { lines: Buffer; isTruncated: boolean } {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const from = Math.max(0, size - maxBytes);
    const tail = Buffer.alloc(size - from);
    const read = readSync(file, tail, 0, tail.length, from);
    const whole = tail.subarray(0, read);
    if (from === 0) return { lines: whole, isTruncated: false };
    return { lines: whole.subarray(whole.indexOf(LINE_FEED) + 1 || read), isTruncated: true };
  } finally {
    closeSync(file);
  }
}

/** Parses a line; undefined if it is not an entry. */
function parseEntry(line: Buffer): AuditEntry | undefined {
  try {
    return auditEntrySchema.safeParse(JSON.parse(line.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

function endsInsideLine(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== LINE_FEED;
}
