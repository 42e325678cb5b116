/** Runs the timed work on rules: removes expired rules and polls the files of sets. Sleeps while there is none. */
import { nextCheckMs } from '../engine/lockout-forecast.ts';
import type { RulesService } from '../engine/rules-service.ts';
import type { FollowedFiles } from './followed-files.ts';

const TICK_MS = 1000;
const MAX_WAIT_MS = 86_400_000;
/** How often expiring permit rules are checked: the protected addresses change. */
const LOCKOUT_CHECK_MS = 60_000;

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
  #lockoutCheckedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
  }

  /**
   * Schedules the next tick. Call it when the rules or the result of `isWanted` change, and when the wall clock was set:
   * timers are monotonic.
   */
  plan(): void {
    clearTimeout(this.#timer);
    if (this.#isEnded) return;
    const { service, isWanted } = this.#parts;
    const { ruleset } = service;
    const needsTicks = isWanted() || [...ruleset.sets.values()].some(({ origin }) => origin.kind === 'file');
    const rules = [...ruleset.rules, ...service.confirmed.rules];
    const nowMs = Date.now();
    const dueMs = rules.flatMap(({ action, expires_at }) => {
      if (expires_at === undefined) return [];
      const lockoutCheckMs = nextCheckMs(expires_at);
      return action === 'permit' && lockoutCheckMs > nowMs
        ? [Date.parse(expires_at), lockoutCheckMs]
        : [Date.parse(expires_at)];
    });
    const nextDueMs = Math.min(...dueMs.map((atMs) => Math.max(TICK_MS, atMs - nowMs)));
    const waitMs = needsTicks ? TICK_MS : Math.min(nextDueMs, MAX_WAIT_MS);
    if (needsTicks || dueMs.length > 0) this.#timer = setTimeout(() => this.#tick(), waitMs).unref();
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
    if (performance.now() - this.#lockoutCheckedMs >= LOCKOUT_CHECK_MS) {
      this.#lockoutCheckedMs = performance.now();
      service.checkExpiringPermits();
    }
    this.plan();
  }
}
