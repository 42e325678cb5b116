/** Tells clients about bans: their state at most once a second, and each new decision. */
import { type Bans, type Decision, type DecisionKind, MAX_NEWEST_BANS, noBans } from '@packetlog/common';
import { type RecentByKind, RecentDecisions } from './recent-decisions.ts';

const BETWEEN_MS = 1000;
/** Further decisions of a second are only counted, and can be asked for. */
const MAX_PER_SECOND = 10;

export interface BansReportOptions {
  /** Returns the number of bans in force, and the newest. */
  readonly bans: (newest: number) => Pick<Bans, 'active' | 'newest'>;
  readonly maxActive: () => number;
  readonly changed: (bans: Bans) => void;
  readonly decided: (decision: Decision) => void;
  readonly wallMs: () => number;
}

export class BansReport {
  readonly #options: BansReportOptions;
  readonly #decided: Record<DecisionKind, number> = { ...noBans(0).decided };
  readonly #recent: RecentByKind = {
    ...{ ban: new RecentDecisions(), would_ban: new RecentDecisions(), not_banned: new RecentDecisions() },
  };
  #undone = 0;
  #hasChanged = false;
  #sentMs = Number.NEGATIVE_INFINITY;
  #sent = { sinceMs: Number.NEGATIVE_INFINITY, count: 0 };

  constructor(options: BansReportOptions) {
    this.#options = options;
  }

  get state(): Bans {
    const { bans, maxActive, wallMs } = this.#options;
    return {
      at_ms: wallMs(),
      max_active: maxActive(),
      ...bans(MAX_NEWEST_BANS),
      decided: { ...this.#decided },
      undone: this.#undone,
    };
  }

  /** Counts a decision that is not recorded. `nowMs`: monotonic. */
  counted(kind: DecisionKind, nowMs: number): void {
    this.#count(kind, undefined, nowMs);
  }

  /** `nowMs`: monotonic. */
  decided(decision: Decision, nowMs: number): void {
    this.#count(decision.kind, decision, nowMs);
    if (nowMs - this.#sent.sinceMs >= BETWEEN_MS) this.#sent = { sinceMs: nowMs, count: 0 };
    if (this.#sent.count++ < MAX_PER_SECOND) this.#options.decided(decision);
  }

  undone(count: number): void {
    this.#undone += count;
    this.#hasChanged = true;
  }

  /** Whether there is something to send. */
  get hasChanged(): boolean {
    return this.#hasChanged;
  }

  /** Bans have ended, or denied packets. */
  changed(): void {
    this.#hasChanged = true;
  }

  /** Sends the state if it has changed, unless it was sent within the last second. Call it after changes and each second. */
  send(nowMs: number): void {
    if (!this.#hasChanged || nowMs - this.#sentMs < BETWEEN_MS) return;
    this.#hasChanged = false;
    this.#sentMs = nowMs;
    this.#options.changed(this.state);
  }

  /** Returns the decisions of a kind within the last minute. */
  recent(kind: DecisionKind, nowMs: number): ReturnType<RecentDecisions['of']> {
    return this.#recent[kind].of(nowMs);
  }

  #count(kind: DecisionKind, decision: Decision | undefined, nowMs: number): void {
    this.#decided[kind]++;
    this.#recent[kind].add(decision, nowMs);
    this.#hasChanged = true;
  }
}
