/** Predicts what expiring permits will cause: a protected address that is permitted now may be denied then. */
import type { CallerIdentity } from '../../ipc/rules-access.ts';
import { lockedOutLater } from '../safety/lockout-guard.ts';
import type { Alarms } from './alarms.ts';
import { type GuardParts, interfaceSlots } from './guard.ts';
import type { Journal } from './journal.ts';
import { laterLockoutText } from './rejection-text.ts';

/** How long before a permit expires the warning is repeated. */
const NOTICE_AHEAD_MS = 10 * 60_000;

export class LookAhead {
  readonly #parts: GuardParts;
  readonly #alarms: Alarms;
  readonly #journal: Journal;
  #warnedEndMs = 0;

  constructor(parts: GuardParts, alarms: Alarms, journal: Journal) {
    this.#parts = parts;
    this.#alarms = alarms;
    this.#journal = journal;
  }

  /** Checks the rules after each change; returns the warning if it is new. `who` is the caller. */
  check(who?: CallerIdentity): string | undefined {
    const before = this.#alarms.all.find(({ code }) => code === 'lockout_ahead')?.message;
    const { top } = this.#parts.enforcement;
    const slots = interfaceSlots(this.#parts);
    const ahead = lockedOutLater(top, () => this.#parts.protectedNow(top.ruleset, who), slots, Date.now());
    if (ahead === undefined) {
      this.#alarms.end('lockout_ahead');
      return undefined;
    }
    const text = laterLockoutText(ahead);
    this.#alarms.raise('lockout_ahead', text);
    if (ahead.atMs - Date.now() < NOTICE_AHEAD_MS && ahead.atMs !== this.#warnedEndMs) {
      this.#warnedEndMs = ahead.atMs;
      this.#journal.notice('rules_fallback', 'warning', text);
    }
    return text === before ? undefined : text;
  }
}

/** Returns the time of the next check (Unix time, ms), early enough to warn before the permit expires. */
export function nextCheckMs(expiresAt: string): number {
  return Date.parse(expiresAt) - NOTICE_AHEAD_MS;
}
