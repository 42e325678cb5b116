/** Decisions of the last minute, for alerts. */
import { type Decision, type DecisionKind, decisionText } from '@packetlog/common';

const SECONDS = 60;

export class RecentDecisions {
  /** Number by second. */
  readonly #counts = new Map<number, number>();
  #newest: string | undefined;

  /** `decision`: undefined if it was only counted. `nowMs`: monotonic. */
  add(decision: Decision | undefined, nowMs: number): void {
    const second = this.#forget(nowMs);
    this.#counts.set(second, (this.#counts.get(second) ?? 0) + 1);
    if (decision !== undefined) this.#newest = `${decision.source} ${decisionText(decision)}`;
  }

  /** `newest`: the newest one as a sentence. */
  of(nowMs: number): { readonly count: number; readonly newest: string | undefined } {
    this.#forget(nowMs);
    const count = [...this.#counts.values()].reduce((sum, each) => sum + each, 0);
    return { count, newest: count === 0 ? undefined : this.#newest };
  }

  #forget(nowMs: number): number {
    const second = Math.floor(nowMs / 1000);
    for (const each of this.#counts.keys()) if (each <= second - SECONDS) this.#counts.delete(each);
    return second;
  }
}

export type RecentByKind = Readonly<Record<DecisionKind, RecentDecisions>>;
