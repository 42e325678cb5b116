/** How many bans there may be, and how many may be added in a minute. */
import type { Notice } from '@packetlog/common';
import type { BanClock } from './ban-clock.ts';
import { PerMinute } from './repeats.ts';

export const MAX_BANS_PER_MINUTE = 60;
const MINUTE_MS = 60_000;
const NOTICE_MS = 10 * MINUTE_MS;
const COUNTS = new Intl.NumberFormat('en-US');

export class BanBudget {
  readonly #added = new PerMinute(MAX_BANS_PER_MINUTE);
  readonly #clock: BanClock;
  readonly #maxActive: () => number;
  readonly #notice: (notice: Notice) => void;
  #reachedMs = Number.NEGATIVE_INFINITY;
  #noticedMs = Number.NEGATIVE_INFINITY;

  constructor(clock: BanClock, maxActive: () => number, notice: (notice: Notice) => void) {
    this.#clock = clock;
    this.#maxActive = maxActive;
    this.#notice = notice;
  }

  /** Whether a ban was not added within the last minute because there are too many. */
  get isReached(): boolean {
    return this.#clock.upMs() - this.#reachedMs < MINUTE_MS;
  }

  /** Returns why no ban can be added while `active` are in force; undefined: one can. */
  problem(active: number): string | undefined {
    const most = this.#maxActive();
    if (active >= most) return `${COUNTS.format(most)} bans are in force, the most there may be`;
    return this.#added.isFull(this.#clock.upMs())
      ? `${MAX_BANS_PER_MINUTE} bans were added within a minute`
      : undefined;
  }

  added(): void {
    this.#added.add(this.#clock.upMs());
  }

  /** A ban was not added, because of `problem`. */
  reached(problem: string): void {
    const nowMs = this.#clock.upMs();
    this.#reachedMs = nowMs;
    if (nowMs - this.#noticedMs < NOTICE_MS) return;
    this.#noticedMs = nowMs;
    const message = `No more bans are added: ${problem}. The limits still apply. See: packetlog bans list.`;
    this.#notice({ at_ms: this.#clock.wallMs(), level: 'warning', code: 'bans_limited', message });
  }
}
