/** Warns before the expiry of a permit rule locks out a protected address. */
import type { CallerIdentity } from '../../ipc/rules-access.ts';
import { lockedOutOnExpiry } from '../safety/lockout-guard.ts';
import type { Alarms } from './alarms.ts';
import { type GuardParts, interfaceSlots } from './guard.ts';
import type { Journal } from './journal.ts';
import { expiryLockoutText } from './rejection-text.ts';

/** Lead time of the notice that repeats the warning before a permit rule expires. */
const NOTICE_LEAD_MS = 10 * 60_000;

export class LockoutForecast {
  readonly #parts: GuardParts;
  readonly #alarms: Alarms;
  readonly #journal: Journal;
  /** Expiry for which the notice was sent. */
  #noticedMs = 0;

  constructor(parts: GuardParts, alarms: Alarms, journal: Journal) {
    this.#parts = parts;
    this.#alarms = alarms;
    this.#journal = journal;
  }

  /** Checks the rules in force, raises or clears the alarm, and returns the warning if it is new. */
  check(caller?: CallerIdentity): string | undefined {
    const previous = this.#alarms.all.find(({ code }) => code === 'lockout_ahead')?.message;
    const { top } = this.#parts.enforcement;
    const slots = interfaceSlots(this.#parts);
    const lockout = lockedOutOnExpiry(top, () => this.#parts.protectedNow(top.ruleset, caller), slots, Date.now());
    if (lockout === undefined) {
      this.#alarms.end('lockout_ahead');
      return undefined;
    }
    const text = expiryLockoutText(lockout);
    this.#alarms.raise('lockout_ahead', text);
    if (lockout.atMs - Date.now() < NOTICE_LEAD_MS && lockout.atMs !== this.#noticedMs) {
      this.#noticedMs = lockout.atMs;
      this.#journal.notice('rules_fallback', 'warning', text);
    }
    return text === previous ? undefined : text;
  }
}

/** Returns when to check a permit rule (Unix time, ms): early enough to warn before it expires. */
export function nextCheckMs(expiresAt: string): number {
  return Date.parse(expiresAt) - NOTICE_LEAD_MS;
}
