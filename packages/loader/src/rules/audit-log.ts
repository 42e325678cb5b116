/** Who changed the rules, when, why, from what to what: one JSON object a line, only ever appended to. */
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readSync } from 'node:fs';
import { type AuditEntry, auditEntrySchema } from '@packetlog/common';
import { type Write, writeAll } from './file/write-all.ts';

const OWNER_ONLY = 0o600;
const CHUNK_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

export class AuditLog {
  readonly path: string;
  readonly #write: Write | undefined;

  /** `write`: for tests. */
  constructor(path: string, write?: Write) {
    this.path = path;
    this.#write = write;
  }

  /** When it returns, the entry is whole and outlives a power cut. Throws what the file system says. */
  append(entry: AuditEntry): void {
    const file = openSync(this.path, 'a+', OWNER_ONLY);
    try {
      // A crash may have left half a line: it must not take this one with it.
      const line = `${endsInsideLine(file) ? '\n' : ''}${JSON.stringify(entry)}\n`;
      writeAll(file, line, this.#write);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** The newest entries, the newest first. Lines that are no entry are left out. */
  newest(limit: number): AuditEntry[] {
    if (!existsSync(this.path)) return [];
    const file = openSync(this.path, 'r');
    try {
      const entries: AuditEntry[] = [];
      for (const line of linesFromEnd(file)) {
        const entry = entryOf(line);
        if (entry !== undefined) entries.push(entry);
        if (entries.length === limit) break;
      }
      return entries;
    } finally {
      closeSync(file);
    }
  }
}

function entryOf(line: Buffer): AuditEntry | undefined {
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

/** Reads no more of the file than is asked for. */
function* linesFromEnd(file: number): Generator<Buffer> {
  let position = fstatSync(file).size;
  let rest = Buffer.alloc(0);
  while (position > 0) {
    const length = Math.min(CHUNK_BYTES, position);
    position -= length;
    const chunk = Buffer.alloc(length);
    readSync(file, chunk, 0, length, position);
    rest = Buffer.concat([chunk, rest]);
    for (let feed = rest.lastIndexOf(LINE_FEED); feed >= 0; feed = rest.lastIndexOf(LINE_FEED)) {
      if (feed + 1 < rest.length) yield rest.subarray(feed + 1);
      rest = rest.subarray(0, feed);
    }
  }
  if (rest.length > 0) yield rest;
}
