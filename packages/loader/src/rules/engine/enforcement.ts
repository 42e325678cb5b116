/** What the kernel holds: the confirmed rules, and for a while the provisional ones in front of them. */
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

/** Where compiled rules are put in force; a RulePublisher. */
export interface RuleKernel {
  publish(
    slot: RuleSlot,
    image: SharedArrayBuffer | undefined,
    freshCounters: readonly number[],
    owners?: ReadonlyMap<number, number>,
  ): Promise<void>;
  /** Whether the kernel has the images that were put there last, asked of it now. */
  inForce?(): Promise<{ readonly images: boolean }>;
}

/** Rules, and what the kernel is given for them. */
export interface CompiledRuleset {
  readonly ruleset: Ruleset;
  /** Undefined: nothing to decide. */
  readonly image: SharedArrayBuffer | undefined;
  /** Counter slot by rule. */
  readonly slots: ReadonlyMap<number, number>;
}

export class Enforcement {
  readonly totals = new RuleTotals();
  readonly #kernel: RuleKernel;
  readonly #compiler: Compiler;
  readonly #counterSlots: number;
  #interfaces: CompileTarget['interfaces'];
  readonly #held: { confirmed: CompiledRuleset; provisional: CompiledRuleset | undefined };
  /** Until when something may be in front that is none of ours any more; of the monotonic clock. */
  #leftUntilMonoNs = 0n;
  /** Of what was compiled and is not published yet. */
  #promised = new Map<number, number>();

  constructor(kernel: RuleKernel, compiler: Compiler, target: CompileTarget) {
    this.#kernel = kernel;
    this.#compiler = compiler;
    this.#counterSlots = target.counterSlots;
    this.#interfaces = target.interfaces;
    // Rules of a loader before go on counting where they stand.
    this.#held = { confirmed: { ...NOTHING, slots: target.counters ?? NOTHING.slots }, provisional: undefined };
  }

  get confirmed(): CompiledRuleset {
    return this.#held.confirmed;
  }

  get provisional(): CompiledRuleset | undefined {
    return this.#held.provisional;
  }

  /** The rules that packets are judged by. */
  get top(): CompiledRuleset {
    return this.#held.provisional ?? this.#held.confirmed;
  }

  get interfaces(): CompileTarget['interfaces'] {
    return this.#interfaces;
  }

  /** Names of interfaces, which may change; their slots do not. True: what is in force was compiled for other names. */
  rename(interfaces: CompileTarget['interfaces']): boolean {
    const before = JSON.stringify(this.#interfaces);
    this.#interfaces = interfaces;
    return before !== JSON.stringify(interfaces);
  }

  /** Throws RulesCompileError. Nothing is in force yet. */
  async compile(ruleset: Ruleset): Promise<CompiledRuleset> {
    const held = await this.#compile(ruleset, new Map([...this.#slotsInForce(), ...this.#promised]));
    for (const [id, slot] of held.slots) this.#promised.set(id, slot);
    return held;
  }

  /** Never to be put in force. `compiler`: its own, so that no change waits for it. Throws RulesCompileError. */
  compileApart(ruleset: Ruleset, compiler = this.#compiler): Promise<CompiledRuleset> {
    return this.#compile(ruleset, new Map(), compiler);
  }

  /** Rejects with what the kernel says; it has what it had then. */
  async confirm(held: CompiledRuleset): Promise<void> {
    if (process.hrtime.bigint() < this.#leftUntilMonoNs) await this.withdraw();
    untilInto(held.image, 0n);
    await this.#publish('confirmed', held);
  }

  /**
   * In front of the confirmed rules until then, by the monotonic clock, whatever becomes of this process. Rejects with
   * what the kernel says; it has what it had then.
   */
  async provide(held: CompiledRuleset, untilMonoNs: bigint): Promise<void> {
    // No rules at all are something, too, in front of others.
    const shown = held.image === undefined ? await this.#compiler.compile(this.#job(held.ruleset, new Map())) : held;
    untilInto(shown.image, untilMonoNs);
    await this.#publish('provisional', { ...held, image: shown.image });
    this.#leftUntilMonoNs = 0n;
  }

  /** Rejects with what the kernel says; it has what it had then. */
  async withdraw(): Promise<void> {
    await this.#kernel.publish('provisional', undefined, []);
    this.#forget(0n);
  }

  /**
   * The provisional rules were confirmed, or their time is over. Where the kernel does not let go of them they lie in
   * front for as long as their lease lasts; nothing else is confirmed until then.
   */
  async letGo(untilMonoNs: bigint): Promise<void> {
    await this.withdraw().catch(() => this.#forget(untilMonoNs));
  }

  /** Whether the kernel has what was put there last, asked of it now. Undefined: it does not say. */
  async isCurrent(): Promise<boolean | undefined> {
    try {
      return (await this.#kernel.inForce?.())?.images;
    } catch {
      return undefined;
    }
  }

  /** Ids below are never given again. */
  giveIdsFrom(nextId: number): void {
    const { confirmed } = this.#held;
    this.#held.confirmed = { ...confirmed, ruleset: { ...confirmed.ruleset, nextId } };
  }

  /** What the kernel's counters stand at; gives what moved, and by how much. */
  counted(counts: readonly RuleCount[]): { moved: RuleCounters; hits: readonly RuleHits[] } {
    this.totals.add(counts);
    return { moved: this.totals.moved(), hits: this.totals.hits() };
  }

  /** What the rules in force counted. `others`: ids of rules that may come back, whose counts are remembered. */
  keptCounts(others: readonly number[]): KeptCounts {
    const { confirmed, provisional } = this.#held;
    const ids = [confirmed, provisional].flatMap((held) => held?.ruleset.rules.map(({ id }) => id) ?? []);
    this.totals.keepOnly(new Set([...ids, ...others]));
    return this.totals.kept(new Set(ids));
  }

  #forget(leftUntilMonoNs: bigint): void {
    this.#leftUntilMonoNs = leftUntilMonoNs;
    this.#held.provisional = undefined;
    this.#promised = new Map();
  }

  async #publish(slot: RuleSlot, held: CompiledRuleset): Promise<void> {
    const inForce = this.#slotsInForce();
    const fresh = [...held.slots].filter(([id]) => !inForce.has(id)).map(([, each]) => each);
    this.totals.assign(new Map([...inForce, ...held.slots]), fresh);
    await this.#kernel.publish(slot, held.image, fresh, held.slots);
    this.#held[slot] = held;
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
