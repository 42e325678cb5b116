/** Records changes of the rules in the audit file, and reports notices to clients. */
import type { AuditEntry, Notice } from '@packetlog/common';
import type { AuditLog } from '../store/audit-log.ts';
import type { Alarms } from './alarms.ts';
import type { Change, Outcome } from './change.ts';
import { messageOf } from './rejection-text.ts';

type Facts = Pick<Change<unknown>, 'what' | 'who' | 'why'> & { readonly force?: boolean };

/** Minimum time between reports of the same error. */
const REPEAT_MS = 60_000;

export class Journal {
  #lastReport = { message: '', atMs: 0 };
  readonly #audit: Pick<AuditLog, 'append'>;
  readonly #report: (notice: Notice) => void;
  readonly #alarms: Alarms;

  constructor(audit: Pick<AuditLog, 'append'>, report: (notice: Notice) => void, alarms: Alarms) {
    this.#audit = audit;
    this.#report = report;
    this.#alarms = alarms;
  }

  /**
   * Appends an entry to the audit file. `risk`: why the change is pending. If the entry cannot be written, the change
   * stays in force, and an alarm reports the failure.
   */
  record(
    revision: number,
    { what, who, why, force }: Facts,
    { before, after }: Pick<Outcome<unknown>, 'before' | 'after'> = {},
    risk?: string,
  ): void {
    const reasons = [why, risk && `needs confirmation: ${risk}`].filter(Boolean).join('; ');
    const entry: AuditEntry = { at: new Date().toISOString(), revision, what, who, why: reasons };
    if (force) entry.forced = true;
    if (before) entry.before = before;
    if (after) entry.after = after;
    try {
      this.#audit.append(entry);
      this.#alarms.end('audit');
    } catch (error) {
      const message = `Changes of the rules are not logged: the audit file cannot be written: ${messageOf(error)}. Free space on the disk, or make the file writable.`;
      if (this.#alarms.raise('audit', message)) this.notice('rules_fallback', 'error', message);
    }
  }

  notice(code: Notice['code'], level: Notice['level'], message: string): void {
    this.#report({ at_ms: Date.now(), level, code, message });
  }

  /** Reports an error of background work that is retried; the same error at most once in `REPEAT_MS`. */
  watch(task: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      const message = `${task} failed: ${messageOf(error)}`;
      if (message === this.#lastReport.message && Date.now() < this.#lastReport.atMs + REPEAT_MS) return;
      this.#lastReport = { message, atMs: Date.now() };
      this.notice('rules_fallback', 'error', message);
    });
  }
}
