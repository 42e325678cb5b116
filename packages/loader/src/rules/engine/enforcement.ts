/** Manages the rules in the kernel: the confirmed ones and, for a limited time, provisional ones that override them. */
import type { Rule, RuleCounters } from '@packetlog/common';
import type { CompileTarget } from '../../ipc/messages.ts';
import type { RuleCount, RuleHits } from '../../ipc/rule-counts.ts';
import type { RuleSlot } from '../../ipc/rule-slot.ts';
import { endRules, nodesOffset } from '../../xdp/end-rules.ts';
import type { Compiler } from '../compiler/worker/compiler.ts';
import type { CompileJob } from '../compiler/worker/jobs.ts';
import { untilInto } from '../compiler/worker/until.ts';
import { EMPTY_RULESET, type Ruleset, saysSomething } from '../ruleset/ruleset.ts';
import { LimitTrials } from '../safety/limit-trials.ts';
import type { KeptCounts } from '../store/counts-file.ts';
import { RuleTotals } from '../store/rule-totals.ts';

/** Puts compiled rules in force. RulePublisher implements it. */
export interface RuleKernel {
  publish(
    slot: RuleSlot,
    image: SharedArrayBuffer | undefined,
    freshCounters: readonly number[],
    owners?: ReadonlyMap<number, number>,
  ): Promise<void>;
  /** Ends rules that have an end, in both slots and at once. If it rejects, some may have ended. */
  end(ids: readonly number[]): Promise<void>;
  /** Reads whether the kernel has the images that were published last. */
  inForce?(): Promise<{ readonly images: boolean }>;
}

/** A ruleset and its compiled form for the kernel. */
export interface CompiledRuleset {
  readonly ruleset: Ruleset;
  /** Undefined: there are no rules, and the default policy is permit. */
  readonly image: SharedArrayBuffer | undefined;
  /** Counter slot by rule id. */
  readonly slots: ReadonlyMap<number, number>;
}

export class Enforcement {
  readonly totals = new RuleTotals();
  readonly trials: LimitTrials;
  readonly #kernel: RuleKernel;
  readonly #compiler: Compiler;
  /** Number of counters of rules, including slot 0, which belongs to no rule. */
  readonly counterSlots: number;
  #interfaces: CompileTarget['interfaces'];
  readonly #current: { confirmed: CompiledRuleset; provisional: CompiledRuleset | undefined };
  /** Deny rules beside those of the ruleset: no change of the rules concerns them, and they are not in its file. */
  #bans: readonly Rule[] = [];
  /** Rules of bans that ended early: an image that is being compiled may still have them. */
  #ended = new Set<number>();
  /** Monotonic time until which the kernel may still use provisional rules that have ended here. */
  #staleUntilMonoNs = 0n;
  /** Counter slots that were compiled but are not published yet. */
  #reserved = new Map<number, number>();

  /** `now` returns monotonic milliseconds; replaced in tests. */
  constructor(kernel: RuleKernel, compiler: Compiler, target: CompileTarget, now?: () => number) {
    this.trials = new LimitTrials(this.totals, now);
    this.#kernel = kernel;
    this.#compiler = compiler;
    this.counterSlots = target.counterSlots;
    this.#interfaces = target.interfaces;
    // Rules of an earlier loader keep their counter slots.
    this.#current = { confirmed: { ...NOTHING, slots: target.counters ?? NOTHING.slots }, provisional: undefined };
  }

  get confirmed(): CompiledRuleset {
    return this.#current.confirmed;
  }

  get provisional(): CompiledRuleset | undefined {
    return this.#current.provisional;
  }

  /** The rules that decide about packets. */
  get top(): CompiledRuleset {
    return this.#current.provisional ?? this.#current.confirmed;
  }

  get bans(): readonly Rule[] {
    return this.#bans;
  }

  /** Bans that every ruleset is compiled with from now on. What is in force stays as it is. */
  set bans(bans: readonly Rule[]) {
    this.#bans = bans;
  }

  /**
   * Ends bans that are in force, and those in images that are being compiled, as if their ends had come. Call it at any time:
   * it does not wait for changes. If it rejects, some may have ended.
   */
  async endBans(ids: readonly number[]): Promise<void> {
    for (const id of ids) this.#ended.add(id);
    this.#endIn(this.#current.confirmed);
    this.#endIn(this.#current.provisional);
    await this.#kernel.end(ids);
  }

  /** Lets bans that ended early be in force again from the next publication on. */
  resumeBans(ids: readonly number[]): void {
    for (const id of ids) this.#ended.delete(id);
  }

  /** Call it when everything in force was compiled with the current bans, and nothing is being compiled. */
  forgetEnded(): void {
    this.#ended = new Set(this.#bans.flatMap(({ id }) => (this.#ended.has(id) ? [id] : [])));
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
    const compiled = await this.#compile(ruleset, new Map([...this.#slotsInForce(), ...this.#reserved]));
    for (const [id, slot] of compiled.slots) this.#reserved.set(id, slot);
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
    if (process.hrtime.bigint() < this.#staleUntilMonoNs) await this.unstage();
    untilInto(compiled.image, 0n);
    await this.#publish('confirmed', compiled);
  }

  /**
   * Puts provisional rules in force, instead of the confirmed ones, until `untilMonoNs` (monotonic clock). The kernel
   * ends them then, even if this process has exited. Rejects with the kernel's error; the kernel then keeps its rules.
   */
  async stage(compiled: CompiledRuleset, untilMonoNs: bigint): Promise<void> {
    // Even an empty ruleset needs an image to override the confirmed rules.
    const published =
      compiled.image === undefined ? await this.#compiler.compile(this.#job(compiled.ruleset, new Map())) : compiled;
    untilInto(published.image, untilMonoNs);
    await this.#publish('provisional', { ...compiled, image: published.image });
    this.#staleUntilMonoNs = 0n;
  }

  /** Removes the provisional rules. Rejects with the kernel's error; the kernel then keeps its rules. */
  async unstage(): Promise<void> {
    await this.#kernel.publish('provisional', undefined, []);
    this.#forget(0n);
  }

  /**
   * Removes the provisional rules after they were confirmed or have timed out. If the kernel rejects that, they stay in
   * force until their lease ends, and `confirm` removes them first.
   */
  async release(untilMonoNs: bigint): Promise<void> {
    await this.unstage().catch(() => this.#forget(untilMonoNs));
  }

  /** Returns whether the kernel has the rules that were published last; undefined if it cannot be read. */
  async isCurrent(): Promise<boolean | undefined> {
    try {
      return (await this.#kernel.inForce?.())?.images;
    } catch {
      return undefined;
    }
  }

  /** Sets the next rule id: ids below it are never reused. */
  giveIdsFrom(nextId: number): void {
    const { confirmed } = this.#current;
    this.#current.confirmed = { ...confirmed, ruleset: { ...confirmed.ruleset, nextId } };
  }

  /** Updates the totals from the kernel's counters. Returns the rules whose counters changed, and by how much. */
  counted(counts: readonly RuleCount[]): { moved: RuleCounters; hits: readonly RuleHits[] } {
    this.totals.add(counts);
    return { moved: this.totals.moved(), hits: this.totals.hits() };
  }

  /** Returns the counts of the rules in force. `others`: ids of rules that may return, whose counts are kept. */
  keptCounts(others: readonly number[]): KeptCounts {
    const { confirmed, provisional } = this.#current;
    const rules = [confirmed, provisional].flatMap((compiled) => compiled?.ruleset.rules ?? []);
    const ids = [...rules, ...this.#bans].map(({ id }) => id);
    this.totals.keepOnly(new Set([...ids, ...others]));
    return this.totals.kept(new Set(ids));
  }

  #forget(staleUntilMonoNs: bigint): void {
    this.#staleUntilMonoNs = staleUntilMonoNs;
    this.#current.provisional = undefined;
    this.#reserved = new Map();
    this.trials.follow(this.top.ruleset);
  }

  async #publish(slot: RuleSlot, compiled: CompiledRuleset): Promise<void> {
    const inForce = this.#slotsInForce();
    const fresh = [...compiled.slots].filter(([id]) => !inForce.has(id)).map(([, counterSlot]) => counterSlot);
    this.#endIn(compiled);
    await this.#kernel.publish(slot, compiled.image, fresh, compiled.slots);
    this.#current[slot] = compiled;
    // The kernel knows what has ended meanwhile.
    this.#endIn(compiled);
    this.#reserved = new Map();
    // Not before: counts that are on their way are those of the rules that had these slots until now.
    this.totals.assign(this.#slotsInForce(), fresh);
    this.trials.follow(this.top.ruleset);
  }

  #endIn(compiled: CompiledRuleset | undefined): void {
    if (compiled?.image === undefined || this.#ended.size === 0) return;
    const image = new Uint8Array(compiled.image);
    endRules(image.subarray(nodesOffset(image)), this.#ended);
  }

  #slotsInForce(): Map<number, number> {
    return new Map([...this.#current.confirmed.slots, ...(this.#current.provisional?.slots ?? [])]);
  }

  async #compile(
    ruleset: Ruleset,
    previous: ReadonlyMap<number, number>,
    compiler = this.#compiler,
  ): Promise<CompiledRuleset> {
    if (!saysSomething(ruleset) && this.#bans.length === 0) return { ruleset, image: undefined, slots: new Map() };
    const { image, counterSlots } = await compiler.compile(this.#job(ruleset, previous));
    return { ruleset, image, slots: counterSlots };
  }

  #job({ rules, defaultPolicy, sets }: Ruleset, previous: ReadonlyMap<number, number>): CompileJob {
    return {
      rules: [...rules, ...this.#bans],
      defaultPolicy,
      sets: new Map([...sets].map(([name, { list }]) => [name, list])),
      interfaceSlots: new Map(this.#interfaces.map(({ name, slot }) => [name, slot])),
      counters: { limit: this.counterSlots, previous },
    };
  }
}

const NOTHING: CompiledRuleset = { ruleset: EMPTY_RULESET, image: undefined, slots: new Map() };
