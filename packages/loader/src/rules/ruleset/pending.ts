/** Holds the change that awaits confirmation, and its deadline on the monotonic clock, which cannot be set back. */
import type { PendingChange, RulesStep } from '@packetlog/common';

const NS_PER_MS = 1_000_000n;

/** Names a generation of the fleet. */
export interface GenerationId {
  readonly group: string;
  readonly number: number;
}

export interface PendingFacts extends Pick<RulesStep, 'id' | 'what' | 'who'> {
  /** Monotonic time at which it reverts. */
  readonly untilMonoNs: bigint;
  /** Revision of the rules before the change. */
  readonly revision: number;
  readonly why: string;
  /** The generation of the fleet that the change is. */
  readonly generation?: GenerationId | undefined;
  /** Content hash of the rules file, if the change was loaded from there. */
  readonly fileContent?: string | undefined;
}

interface Waiting extends Pick<PendingFacts, 'why' | 'fileContent' | 'untilMonoNs' | 'generation'> {
  /** True if another risky change has joined it. */
  readonly isJoined: boolean;
  readonly revisionBefore: number;
  /** True if it must not be confirmed: the confirmed rules have changed without it. */
  readonly canOnlyRevert: boolean;
  readonly step: RulesStep;
  readonly timer: NodeJS.Timeout;
}

/** Returns the monotonic time `ms` milliseconds from now. */
export function monoNsIn(ms: number): bigint {
  return process.hrtime.bigint() + BigInt(Math.round(ms)) * NS_PER_MS;
}

export class Pending {
  #change: Waiting | undefined;

  get isThere(): boolean {
    return this.#change !== undefined;
  }

  /** Identifies this lease; it differs after each `begin`. */
  get lease(): object | undefined {
    return this.#change?.timer;
  }

  /** The pending change as clients receive it. */
  get forClients(): PendingChange | undefined {
    if (this.#change === undefined) return undefined;
    const { untilMonoNs, revisionBefore, why } = this.#change;
    return { until_ms: Date.now() + leftMs(untilMonoNs), revision_before: revisionBefore, why };
  }

  /** The change and its caller. */
  get step(): RulesStep | undefined {
    return this.#change?.step;
  }

  /** The pending generation; `isAlone`: confirming it confirms no other risky change. */
  get generation(): (GenerationId & { readonly isAlone: boolean }) | undefined {
    const { generation, isJoined } = this.#change ?? {};
    return generation && { ...generation, isAlone: isJoined === false };
  }

  /** Content hash of the pending rules file. */
  get fileContent(): string | undefined {
    return this.#change?.fileContent;
  }

  /** True if it must not be confirmed. */
  get canOnlyRevert(): boolean {
    return this.#change?.canOnlyRevert ?? false;
  }

  /** Monotonic time at which it reverts, as the XDP program reads the clock. */
  get untilMonoNs(): bigint {
    return this.#change?.untilMonoNs ?? 0n;
  }

  /** Starts or extends the lease. Calls `onExpiry` once, unless `end` is called first. */
  begin(facts: PendingFacts, onExpiry: () => void): void {
    const before = this.#change;
    clearTimeout(before?.timer);
    const { id, who, what, revision } = facts;
    this.#change = {
      why: facts.why,
      revisionBefore: before?.revisionBefore ?? revision,
      fileContent: facts.fileContent ?? before?.fileContent,
      generation: facts.generation ?? before?.generation,
      isJoined: before !== undefined,
      canOnlyRevert: before?.canOnlyRevert ?? false,
      untilMonoNs: facts.untilMonoNs,
      step: {
        id,
        what: before === undefined ? what : `${before.step.what}; ${what}`,
        who,
        at_ms: Date.now(),
        revision: revision + 1,
      },
      timer: setTimeout(onExpiry, leftMs(facts.untilMonoNs)),
    };
  }

  /** Replaces the reason why the change is pending. */
  explain(why: string): void {
    this.#update({ why });
  }

  /** Records the content hash of a rules file that is pending, too; undefined if the file has other content by now. */
  fileWaits(fileContent: string | undefined): void {
    this.#update({ fileContent });
  }

  /** Prevents the change from being confirmed. */
  forbidConfirm(): void {
    this.#update({ canOnlyRevert: true });
  }

  end(): void {
    clearTimeout(this.#change?.timer);
    this.#change = undefined;
  }

  #update(facts: Partial<Waiting>): void {
    if (this.#change !== undefined) this.#change = { ...this.#change, ...facts };
  }
}

/** Returns the milliseconds left, rounded up so that the timer does not fire before the kernel's lease ends. */
function leftMs(untilMonoNs: bigint): number {
  const leftNs = untilMonoNs - process.hrtime.bigint();
  return leftNs <= 0n ? 0 : Number((leftNs + NS_PER_MS - 1n) / NS_PER_MS);
}
