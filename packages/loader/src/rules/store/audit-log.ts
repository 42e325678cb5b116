/** Records each change of the rules with its caller, time, reason and difference: one JSON object per line. */
import { type AuditEntry, auditEntrySchema } from '@packetlog/common';
import type { Write } from '../../write-all.ts';
import { RulesRejection } from '../ruleset/rejection.ts';
import { LineLog, LineLogError } from './line-log.ts';

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_ROTATED = 4;
const TAIL_BYTES = 16 * 1024 * 1024;

export class AuditLog {
  readonly path: string;
  readonly #log: LineLog;

  /** `write` and `maxBytes` are for tests. */
  constructor(path: string, write?: Write, maxBytes = MAX_BYTES) {
    this.path = path;
    this.#log = new LineLog(path, { maxBytes, maxRotated: MAX_ROTATED, write });
  }

  /**
   * Appends an entry and flushes it, so that it survives a power loss. Throws the file system's error.
   */
  append(entry: AuditEntry): void {
    this.#log.append([JSON.stringify(entry)]);
  }

  /**
   * Returns the newest entries, newest first, from the last `tailBytes` of all files, so the cost does not depend on
   * their size. Skips lines that are not entries. Throws RulesRejection.
   */
  newest(limit: number, tailBytes = TAIL_BYTES): AuditEntry[] {
    const entries: AuditEntry[] = [];
    try {
      for (const line of this.#log.newestFirst(tailBytes)) {
        const entry = parseEntry(line);
        if (entry !== undefined) entries.push(entry);
        if (entries.length >= limit) break;
      }
    } catch (cause) {
      if (!(cause instanceof LineLogError)) throw cause;
      const message = `The audit file ${cause.path} cannot be read: ${cause.message}. Give the loader read access to it.`;
      throw new RulesRejection({ code: 'internal', message }, { cause });
    }
    return entries;
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
