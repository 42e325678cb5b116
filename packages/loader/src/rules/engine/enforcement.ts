/** What the kernel holds: the confirmed rules and, temporarily, the provisional ones in front of them. */
import type { RuleCounters } from '@packetlog/common';
import type { CompileTarget } from '../../ipc/messages.ts';
import type { RuleCount, RuleHits } from '../../ipc/rule-counts.ts';
import type { RuleSlot } from '../../ipc/rule-slot.ts';
import type { Compiler } from '../compiler/worker/compiler.ts';
import type { CompileJob } from '../compiler/worker/jobs.ts';
import { untilInto } from '../compiler/worker/until.ts';
import { EMPTY_RULESET, type Ruleset, saysSomething } from '../ruleset/ruleset.ts';
import type { KeptCounts } from '../store/counts-file.ts';
import { RuleTotals } from '../store/rule-totals.ts';

/** Puts compiled rules in force; a RulePublisher. */
export interface RuleKernel {
  publish(
    slot: RuleSlot,
    image: SharedArrayBuffer | undefined,
    freshCounters: readonly number[],
    owners?: ReadonlyMap<number, number>,
  ): Promise<void>;
  /** Asks the kernel whether it has the images that were published last. */
  inForce?(): Promise<{ readonly images: boolean }>;
}

/** A ruleset and its compiled form for the kernel. */
export interface CompiledRuleset {
  readonly ruleset: Ruleset;
  /** Undefined: the rules decide nothing. */
  readonly image: SharedArrayBuffer | undefined;
  /** Counter slot by rule id. */
  readonly slots: ReadonlyMap<number, number>;
}

export class Enforcement {
  readonly totals = new RuleTotals();
  readonly #kernel: RuleKernel;
  readonly #compiler: Compiler;
  readonly #counterSlots: number;
  #interfaces: CompileTarget['interfaces'];
  readonly #held: { confirmed: CompiledRuleset; provisional: CompiledRuleset | undefined };
  /** Monotonic time until which provisional rules that have ended here may still be in front in the kernel. */
  #leftUntilMonoNs = 0n;
  /** Counter slots that were compiled but are not published yet. */
  #promised = new Map<number, number>();

  constructor(kernel: RuleKernel, compiler: Compiler, target: CompileTarget) {
    this.#kernel = kernel;
    this.#compiler = compiler;
    this.#counterSlots = target.counterSlots;
    this.#interfaces = target.interfaces;
    // Rules of an earlier loader keep their counter slots.
    this.#held = { confirmed: { ...NOTHING, slots: target.counters ?? NOTHING.slots }, provisional: undefined };
  }

  get confirmed(): CompiledRuleset {
    return this.#held.confirmed;
  }

  get provisional(): CompiledRuleset | undefined {
    return this.#held.provisional;
  }

  /** The rules that decide about packets. */
  get top(): CompiledRuleset {
    return this.#held.provisional ?? this.#held.confirmed;
  }

  get interfaces(): CompileTarget['interfaces'] {
    return this.#interfaces;
  }

  /**
   * Updates interface names, which may change; their slots do not. Returns true if the rules in force were compiled for
   * other names.
   */
  rename(interfaces: CompileTarget['interfaces']): boolean {
    const before = JSON.stringify(this.#interfaces);
    this.#interfaces = interfaces;
    return before !== JSON.stringify(interfaces);
  }

  /** Compiles a ruleset without putting it in force. Throws RulesCompileError. */
  async compile(ruleset: Ruleset): Promise<CompiledRuleset> {
    const compiled = await this.#compile(ruleset, new Map([...this.#slotsInForce(), ...this.#promised]));
    for (const [id, slot] of compiled.slots) this.#promised.set(id, slot);
    return compiled;
  }

  /**
   * Compiles a ruleset that is never put in force. `compiler`: a separate one, so that no change waits for it. Throws
   * RulesCompileError.
   */
  compileApart(ruleset: Ruleset, compiler = this.#compiler): Promise<CompiledRuleset> {
    return this.#compile(ruleset, new Map(), compiler);
  }

  /** Puts confirmed rules in force. Rejects with the kernel's error; the kernel then keeps its rules. */
  async confirm(compiled: CompiledRuleset): Promise<void> {
    if (process.hrtime.bigint() < this.#leftUntilMonoNs) await this.unstage();
    untilInto(compiled.image, 0n);
    await this.#publish('confirmed', compiled);
  }

  /**
   * Puts provisional rules in front of the confirmed ones until `untilMonoNs`, on the monotonic clock, even if this
   * process ends. Rejects with the kernel's error; the kernel then keeps its rules.
   */
  async stage(compiled: CompiledRuleset, untilMonoNs: bigint): Promise<void> {
    // An empty ruleset needs an image, too, to take precedence over other rules.
    const shown =
      compiled.image === undefined ? await this.#compiler.compile(this.#job(compiled.ruleset, new Map())) : compiled;
    untilInto(shown.image, untilMonoNs);
    await this.#publish('provisional', { ...compiled, image: shown.image });
    this.#leftUntilMonoNs = 0n;
  }

  /** Removes the provisional rules. Rejects with the kernel's error; the kernel then keeps its rules. */
  async unstage(): Promise<void> {
    await this.#kernel.publish('provisional', undefined, []);
    this.#forget(0n);
  }

  /**
   * Ends the provisional rules after they were confirmed or have timed out. If the kernel rejects that, they stay in
   * front until their lease ends, and nothing else is confirmed before.
   */
  async release(untilMonoNs: bigint): Promise<void> {
    await this.unstage().catch(() => this.#forget(untilMonoNs));
  }

  /** Asks the kernel whether it has the rules that were published last. Undefined: not known. */
  async isCurrent(): Promise<boolean | undefined> {
    try {
      return (await this.#kernel.inForce?.())?.images;
    } catch {
      return undefined;
    }
  }

  /** Ids below `nextId` are never given again. */
  giveIdsFrom(nextId: number): void {
    const { confirmed } = this.#held;
    this.#held.confirmed = { ...confirmed, ruleset: { ...confirmed.ruleset, nextId } };
  }

  /** Takes the values of the kernel's counters; returns the rules whose counters moved, and by how much. */
  counted(counts: readonly RuleCount[]): { moved: RuleCounters; hits: readonly RuleHits[] } {
    this.totals.add(counts);
    return { moved: this.totals.moved(), hits: this.totals.hits() };
  }

  /** Returns the counts of the rules in force. `others`: ids of rules that may return, whose counts are kept. */
  keptCounts(others: readonly number[]): KeptCounts {
    const { confirmed, provisional } = this.#held;
    const ids = [confirmed, provisional].flatMap((compiled) => compiled?.ruleset.rules.map(({ id }) => id) ?? []);
    this.totals.keepOnly(new Set([...ids, ...others]));
    return this.totals.kept(new Set(ids));
  }

  #forget(leftUntilMonoNs: bigint): void {
    this.#leftUntilMonoNs = leftUntilMonoNs;
    this.#held.provisional = undefined;
    this.#promised = new Map();
  }

  async #publish(slot: RuleSlot, compiled: CompiledRuleset): Promise<void> {
    const inForce = this.#slotsInForce();
    const fresh = [...compiled.slots].filter(([id]) => !inForce.has(id)).map(([, each]) => each);
    this.totals.assign(new Map([...inForce, ...compiled.slots]), fresh);
    await this.#kernel.publish(slot, compiled.image, fresh, compiled.slots);
    this.#held[slot] = compiled;
    this.#promised = new Map();
    this.totals.assign(this.#slotsInForce(), []);
  }

  #slotsInForce(): Map<number, number> {
    return new Map([...this.#held.confirmed.slots, ...(this.#held.provisional?.slots ?? [])]);
  }

  async #compile(
    ruleset: Ruleset,
    previous: ReadonlyMap<number, number>,
    compiler = this.#compiler,
  ): Promise<CompiledRuleset> {
    if (!saysSomething(ruleset)) return { ruleset, image: undefined, slots: new Map() };
    const { image, counterSlots } = await compiler.compile(this.#job(ruleset, previous));
    return { ruleset, image, slots: counterSlots };
  }

  #job({ rules, defaultPolicy, sets }: Ruleset, previous: ReadonlyMap<number, number>): CompileJob {
    return {
      rules,
      defaultPolicy,
      sets: new Map([...sets].map(([name, { list }]) => [name, list])),
      interfaceSlots: new Map(this.#interfaces.map(({ name, slot }) => [name, slot])),
      counters: { limit: this.#counterSlots, previous },
    };
  }
}

const NOTHING: CompiledRuleset = { ruleset: EMPTY_RULESET, image: undefined, slots: new Map() };
