/** The change that waits to be confirmed, and until when. */
import type { PendingChange, RulesStep } from '@packetlog/common';

export class Pending {
  #change: (PendingChange & { step: RulesStep; timer: NodeJS.Timeout }) | undefined;

  get isThere(): boolean {
    return this.#change !== undefined;
  }

  /** As clients are told. */
  get told(): PendingChange | undefined {
    if (this.#change === undefined) return undefined;
    const { until_ms, revision_before, why } = this.#change;
    return { until_ms, revision_before, why };
  }

  /** What was done, and by whom. */
  get step(): RulesStep | undefined {
    return this.#change?.step;
  }

  /** ... of the monotonic clock, as the program reads it. */
  get untilMonoNs(): bigint {
    const left = Math.max(0, Math.round((this.#change?.until_ms ?? 0) - Date.now()));
    return process.hrtime.bigint() + BigInt(left) * 1_000_000n;
  }

  /** One that waits already is prolonged. `isOver` is called once, unless it ends before. */
  begin(
    facts: { ms: number; revision: number; why: string } & Pick<RulesStep, 'id' | 'what' | 'who'>,
    isOver: () => void,
  ): void {
    const before = this.#change;
    clearTimeout(before?.timer);
    this.#change = {
      until_ms: Date.now() + facts.ms,
      revision_before: before?.revision_before ?? facts.revision,
      why: facts.why,
      step: {
        id: facts.id,
        what: before === undefined ? facts.what : `${before.step.what}; ${facts.what}`,
        who: facts.who,
        at_ms: Date.now(),
        revision: facts.revision + 1,
      },
      timer: setTimeout(isOver, facts.ms),
    };
  }

  end(): void {
    clearTimeout(this.#change?.timer);
    this.#change = undefined;
  }
}
