/** Runs timed work on rules: rules expire, and the files of sets change. Sleeps while there is none. */
import { nextCheckMs } from '../engine/lockout-forecast.ts';
import type { RulesService } from '../engine/rules-service.ts';
import type { FollowedFiles } from './followed-files.ts';

const TICK_MS = 1000;
const LONGEST_WAIT_MS = 86_400_000;
/** How often expiring permits are checked: the protected addresses change. */
const CHECK_AHEAD_MS = 60_000;

export interface MaintenanceParts {
  readonly service: Pick<RulesService, 'ruleset' | 'confirmed' | 'tick' | 'checkExpiringPermits'>;
  readonly files: Pick<FollowedFiles, 'poll'>;
  /** Returns whether another part needs a tick each second. */
  readonly isWanted: () => boolean;
  /** Called at each tick. */
  readonly ticked: (nowMs: number) => void;
}

export class Maintenance {
  readonly #parts: MaintenanceParts;
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;
  #checkedAheadMs = Number.NEGATIVE_INFINITY;

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
  }

  /** Plans the next tick. Call it when the rules or the result of `isWanted` change. */
  plan(): void {
    clearTimeout(this.#timer);
    if (this.#isEnded) return;
    const { service, isWanted } = this.#parts;
    const { ruleset } = service;
    const follows = isWanted() || [...ruleset.sets.values()].some(({ origin }) => origin.kind === 'file');
    const rules = [...ruleset.rules, ...service.confirmed.rules];
    const nowMs = Date.now();
    const ends = rules.flatMap(({ action, expires_at }) => {
      if (expires_at === undefined) return [];
      const aheadMs = nextCheckMs(expires_at);
      return action === 'permit' && aheadMs > nowMs ? [Date.parse(expires_at), aheadMs] : [Date.parse(expires_at)];
    });
    const nextEnd = Math.min(...ends.map((endMs) => Math.max(TICK_MS, endMs - nowMs)));
    const wait = follows ? TICK_MS : Math.min(nextEnd, LONGEST_WAIT_MS);
    if (follows || ends.length > 0) this.#timer = setTimeout(() => this.#tick(), wait).unref();
  }

  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#timer);
  }

  #tick(): void {
    const { service, files, ticked } = this.#parts;
    ticked(Date.now());
    service.tick();
    files.poll();
    if (performance.now() - this.#checkedAheadMs >= CHECK_AHEAD_MS) {
      this.#checkedAheadMs = performance.now();
      service.checkExpiringPermits();
    }
    this.plan();
  }
}
