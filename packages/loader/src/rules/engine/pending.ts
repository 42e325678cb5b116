/** The change that waits to be confirmed, and until when: by the monotonic clock, which cannot be set back. */
import type { PendingChange, RulesStep } from '@packetlog/common';

const NS_PER_MS = 1_000_000n;

export interface PendingFacts extends Pick<RulesStep, 'id' | 'what' | 'who'> {
  /** When it reverts, of the monotonic clock. */
  readonly untilMonoNs: bigint;
  /** Of the rules before. */
  readonly revision: number;
  readonly why: string;
  /** Content hash of the rules file, if it was loaded from there. */
  readonly fileContent?: string | undefined;
}

interface Waiting extends Pick<PendingFacts, 'why' | 'fileContent' | 'untilMonoNs'> {
  readonly revisionBefore: number;
  /** It can only revert: what is confirmed already says otherwise. */
  readonly isDoomed: boolean;
  readonly step: RulesStep;
  readonly timer: NodeJS.Timeout;
}

/** The moment of the monotonic clock in `ms`. */
export function monoNsIn(ms: number): bigint {
  return process.hrtime.bigint() + BigInt(Math.round(ms)) * NS_PER_MS;
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
    return { until_ms: Date.now() + leftMs(untilMonoNs), revision_before: revisionBefore, why };
  }

  /** What was done, and by whom. */
  get step(): RulesStep | undefined {
    return this.#change?.step;
  }

  /** Content hash of the rules file that waits. */
  get fileContent(): string | undefined {
    return this.#change?.fileContent;
  }

  /** Whether it can only revert. */
  get isDoomed(): boolean {
    return this.#change?.isDoomed ?? false;
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
      isDoomed: before?.isDoomed ?? false,
      untilMonoNs: facts.untilMonoNs,
      step: {
        id,
        what: before === undefined ? what : `${before.step.what}; ${what}`,
        who,
        at_ms: Date.now(),
        revision: revision + 1,
      },
      timer: setTimeout(isOver, leftMs(facts.untilMonoNs)),
    };
  }

  /** It waits for another reason now. */
  explain(why: string): void {
    this.#update({ why });
  }

  /** The rules file waits with it, with this content; undefined: the file says something else by now. */
  fileWaits(fileContent: string | undefined): void {
    this.#update({ fileContent });
  }

  /** From now on it cannot be confirmed. */
  doom(): void {
    this.#update({ isDoomed: true });
  }

  end(): void {
    clearTimeout(this.#change?.timer);
    this.#change = undefined;
  }

  #update(facts: Partial<Waiting>): void {
    if (this.#change !== undefined) this.#change = { ...this.#change, ...facts };
  }
}

/** Rounded up, so that a timer does not end before the kernel's lease. */
function leftMs(untilMonoNs: bigint): number {
  const leftNs = untilMonoNs - process.hrtime.bigint();
  return leftNs <= 0n ? 0 : Number((leftNs + NS_PER_MS - 1n) / NS_PER_MS);
}
