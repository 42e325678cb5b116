/** Records what was done to the rules: in the audit file and in notices. */
import type { AuditEntry, Notice } from '@packetlog/common';
import type { AuditLog } from '../store/audit-log.ts';
import type { Alarms } from './alarms.ts';
import type { Change, Outcome } from './change.ts';
import { messageOf } from './rejection-text.ts';

type Facts = Pick<Change<unknown>, 'what' | 'who' | 'why'> & { readonly force?: boolean };

const AGAIN_MS = 60_000;

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
   * `risk`: why the change is pending. If an entry cannot be written, the change stays and an alarm reports the
   * failure.
   */
  record(
    revision: number,
    { what, who, why, force }: Facts,
    { before, after }: Pick<Outcome<unknown>, 'before' | 'after'> = {},
    risk?: string,
  ): void {
    const reasons = [why, risk && `to be confirmed: ${risk}`].filter(Boolean).join('; ');
    const entry: AuditEntry = { at: new Date().toISOString(), revision, what, who, why: reasons };
    if (force) entry.forced = true;
    if (before) entry.before = before;
    if (after) entry.after = after;
    try {
      this.#audit.append(entry);
      this.#alarms.end('audit');
    } catch (error) {
      const message = `Changes of the rules are not logged: the audit file cannot be written: ${messageOf(error)}. Free space on the disk, or give access.`;
      if (this.#alarms.raise('audit', message)) this.notice('rules_fallback', 'error', message);
    }
  }

  notice(code: Notice['code'], level: Notice['level'], message: string): void {
    this.#report({ at_ms: Date.now(), level, code, message });
  }

  /** Watches background work that is retried; a repeated error is reported only now and then. */
  watch(doing: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      const message = `${doing} failed: ${messageOf(error)}`;
      if (message === this.#lastReport.message && Date.now() < this.#lastReport.atMs + AGAIN_MS) return;
      this.#lastReport = { message, atMs: Date.now() };
      this.notice('rules_fallback', 'error', message);
    });
  }
}
