/**
 * Describes the rules in the kernel while no loader runs: their counts, and where they differ from the rules file.
 */
import { type AuditEntry, FIRST_BAN_RULE_ID, type InForce, type Rule, type RulesSnapshot } from '@packetlog/common';
import type { EnforcedRules, EnforcedTables } from '../xdp/enforced-rules.ts';
import { RulesCompileError } from './compiler/compile-error.ts';
import type { Compiler } from './compiler/worker/compiler.ts';
import { decidesAlike, type ImageSummary, summarizeImage } from './evaluator/image-rules.ts';
import { type Ruleset, saysSomething } from './ruleset/ruleset.ts';
import type { KeptCounts } from './store/counts-file.ts';
import { type RuleTotal, RuleTotals } from './store/rule-totals.ts';

export interface KernelViewParts {
  /** Undefined: no program is attached. */
  readonly enforced: EnforcedRules | undefined;
  readonly compiler: Compiler;
  /** The stored bans, which are in the kernel's image beside the rules. */
  readonly bans: readonly Rule[];
  /** The counts that the last loader stored. */
  readonly kept: KeptCounts;
  /** Returns the audit entries, newest first: they describe rules that only the kernel still has. */
  readonly audit: () => readonly AuditEntry[];
}

export class KernelView {
  readonly #parts: KernelViewParts;
  readonly #image: ImageSummary | undefined;
  readonly #totals = new RuleTotals();

  constructor(parts: KernelViewParts) {
    this.#parts = parts;
    const tables = parts.enforced?.tables;
    this.#image = tables?.image && summarizeImage(tables.image);
    this.#totals.resume(parts.kept, tables?.owners ?? new Map());
    if (tables) this.#totals.add([...tables.owners.values()].map((slot) => tables.counters.read(slot)));
  }

  /** Adds the kernel's state to `snapshot`, the snapshot of `ruleset`, which was read from the file. */
  async of(snapshot: RulesSnapshot, ruleset: Ruleset): Promise<RulesSnapshot> {
    const { enforced } = this.#parts;
    const rules = snapshot.rules.map((rule) => ({ ...rule, ...this.#totals.of(rule.id) }));
    if (enforced === undefined) return { ...snapshot, rules, in_force: NOTHING };
    const is_current = await this.#isCurrent(enforced.tables, ruleset);
    const in_force: InForce = {
      by: 'kernel',
      interfaces: enforced.interfaces.map(({ name, ifindex, mode }) => ({ name, ifindex, mode })),
      is_current,
      ...this.#kernelRules(enforced.tables),
    };
    return { ...snapshot, rules, enforcing: is_current && saysSomething(ruleset), pinned: true, in_force };
  }

  #kernelRules(tables: EnforcedTables | undefined): Pick<InForce, 'default_policy' | 'rules'> {
    if (tables === undefined) return {};
    const describedRules = new Map<number, Rule>();
    for (const { before, after } of this.#parts.audit()) {
      for (const rule of [...(after?.rules ?? []), ...(before?.rules ?? [])]) {
        if (!describedRules.has(rule.id)) describedRules.set(rule.id, rule);
      }
    }
    const ofRules = (this.#image?.rules ?? []).filter(({ id }) => id < FIRST_BAN_RULE_ID);
    const rules = ofRules.map(({ id, action, expiresMs }) => {
      const rule = describedRules.get(id);
      return {
        id,
        action,
        ...(expiresMs === undefined ? {} : { expires_at: new Date(expiresMs).toISOString() }),
        ...(rule === undefined ? {} : { source: rule.source }),
        ...counted(this.#totals.of(id)),
      };
    });
    return { default_policy: this.#image?.defaultPolicy ?? 'permit', rules };
  }

  /** Returns whether the kernel's image matches: compiles the rules for the same interfaces and compares the images. */
  async #isCurrent(tables: EnforcedTables | undefined, ruleset: Ruleset): Promise<boolean> {
    if (tables === undefined) return false;
    // A ban that is not in the image yet, or any more, is no difference of the rules.
    const present = new Set(this.#image?.rules.map(({ id }) => id));
    const bans = this.#parts.bans.filter(({ id }) => present.has(id));
    if (tables.image === undefined || (!saysSomething(ruleset) && bans.length === 0))
      return tables.image === undefined && !saysSomething(ruleset);
    try {
      const { image } = await this.#parts.compiler.compile({
        rules: [...ruleset.rules, ...bans],
        defaultPolicy: ruleset.defaultPolicy,
        sets: new Map([...ruleset.sets].map(([name, { list }]) => [name, list])),
        interfaceSlots: new Map(tables.slots.map(({ name, slot }) => [name, slot])),
        counters: { limit: tables.counterSlots, previous: tables.owners },
      });
      return decidesAlike(new Uint8Array(image), tables.image);
    } catch (error) {
      if (error instanceof RulesCompileError) return false;
      throw error;
    }
  }
}

const NOTHING: InForce = { by: 'none', interfaces: [], is_current: false };

function counted({ last_seen_ms, ...counts }: Readonly<RuleTotal>) {
  return { ...counts, ...(last_seen_ms === undefined ? {} : { last_seen_ms }) };
}
