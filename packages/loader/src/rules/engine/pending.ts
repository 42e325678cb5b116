/** The change that waits to be confirmed, and until when: by the monotonic clock, which cannot be set back. */
import type { PendingChange, RulesStep } from '@packetlog/common';

const NS_PER_MS = 1_000_000n;

export interface PendingFacts extends Pick<RulesStep, 'id' | 'what' | 'who'> {
  readonly ms: number;
  /** Of the rules before. */
  readonly revision: number;
  readonly why: string;
  /** Content hash of the rules file, if it was loaded from there. */
  readonly fileContent?: string | undefined;
}

interface Waiting extends Pick<PendingFacts, 'why' | 'fileContent'> {
  readonly revisionBefore: number;
  readonly untilMonoNs: bigint;
  readonly step: RulesStep;
  readonly timer: NodeJS.Timeout;
}

export class Pending {
  #change: Waiting | undefined;

  get isThere(): boolean {
    return this.#change !== undefined;
  }

  /** Differs after each `begin`. */
  get lease(): object | undefined {
    return this.#change?.timer;
  }

  /** As clients are told. */
  get told(): PendingChange | undefined {
    if (this.#change === undefined) return undefined;
    const { untilMonoNs, revisionBefore, why } = this.#change;
    const left = Number((untilMonoNs - process.hrtime.bigint()) / NS_PER_MS);
    return { until_ms: Date.now() + Math.max(0, left), revision_before: revisionBefore, why };
  }

  /** What was done, and by whom. */
  get step(): RulesStep | undefined {
    return this.#change?.step;
  }

  /** Content hash of the rules file that waits. */
  get fileContent(): string | undefined {
    return this.#change?.fileContent;
  }

  /** ... of the monotonic clock, as the program reads it. */
  get untilMonoNs(): bigint {
    return this.#change?.untilMonoNs ?? 0n;
  }

  /** One that waits already is prolonged. `isOver` is called once, unless it ends before. */
  begin(facts: PendingFacts, isOver: () => void): void {
    const before = this.#change;
    clearTimeout(before?.timer);
    const { id, who, what, revision } = facts;
    this.#change = {
      why: facts.why,
      revisionBefore: before?.revisionBefore ?? revision,
      fileContent: facts.fileContent ?? before?.fileContent,
      untilMonoNs: process.hrtime.bigint() + BigInt(Math.round(facts.ms)) * NS_PER_MS,
      step: {
        id,
        what: before === undefined ? what : `${before.step.what}; ${what}`,
        who,
        at_ms: Date.now(),
        revision: revision + 1,
      },
      timer: setTimeout(isOver, facts.ms),
    };
  }

  /** It waits for another reason now. */
  explain(why: string): void {
    if (this.#change !== undefined) this.#change = { ...this.#change, why };
  }

  end(): void {
    clearTimeout(this.#change?.timer);
    this.#change = undefined;
  }
}
