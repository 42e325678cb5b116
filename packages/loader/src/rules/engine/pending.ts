/** The change that waits to be confirmed, and until when. */
import type { PendingChange } from '@packetlog/common';

export class Pending {
  #change: (PendingChange & { what: string; timer: NodeJS.Timeout }) | undefined;

  get isThere(): boolean {
    return this.#change !== undefined;
  }

  /** As clients are told. */
  get told(): PendingChange | undefined {
    if (this.#change === undefined) return undefined;
    const { until_ms, revision_before, why } = this.#change;
    return { until_ms, revision_before, why };
  }

  /** What was done, in words. */
  get what(): string {
    return this.#change?.what ?? '';
  }

  /** ... of the monotonic clock, as the program reads it. */
  get untilMonoNs(): bigint {
    const left = Math.max(0, Math.round((this.#change?.until_ms ?? 0) - Date.now()));
    return process.hrtime.bigint() + BigInt(left) * 1_000_000n;
  }

  /** One that waits already is prolonged. `isOver` is called once, unless it ends before. */
  begin(facts: { ms: number; revision: number; why: string; what: string }, isOver: () => void): void {
    const before = this.#change;
    clearTimeout(before?.timer);
    this.#change = {
      until_ms: Date.now() + facts.ms,
      revision_before: before?.revision_before ?? facts.revision,
      why: facts.why,
      what: before === undefined ? facts.what : `${before.what}; ${facts.what}`,
      timer: setTimeout(isOver, facts.ms),
    };
  }

  end(): void {
    clearTimeout(this.#change?.timer);
    this.#change = undefined;
  }
}
