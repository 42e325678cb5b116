/** Builds the rules that a dry run tries, from its request. */
import type { CheckedRulesRequest } from '@packetlog/common';
import type { Compiler } from '../compiler/worker/compiler.ts';
import { addRules } from '../ruleset/changes.ts';
import { EMPTY_RULESET, type Ruleset } from '../ruleset/ruleset.ts';
import { readCopy } from '../store/read-set.ts';

export interface DraftRuleset {
  readonly ruleset: Ruleset;
  /** Names a rule id of the ruleset for the report: a rule that exists, or the index of a draft. */
  readonly nameOf: (id: number) => { id: number } | { draft: number };
}

/** `current`: the rules in force, which `request.add` extends and whose lists may be used. Throws RulesRejection. */
export async function draftRuleset(
  request: CheckedRulesRequest<'test'>,
  current: Ruleset,
  compiler: Compiler,
): Promise<DraftRuleset> {
  const sets = new Map(current.sets);
  for (const [name, text] of Object.entries(request.sets ?? {})) sets.set(name, await readCopy(compiler, name, text));
  const circumstances = { nowMs: Date.now(), createdBy: 'dry run' };
  const drafts = request.rules ?? (request.add ? [request.add] : []);
  const start: Ruleset = request.rules ? { ...EMPTY_RULESET, protect: current.protect } : current;
  const base: Ruleset = { ...start, sets, defaultPolicy: request.default_policy ?? current.defaultPolicy };
  const { ruleset, rules } = addRules(base, drafts, circumstances, fieldOf(request));
  const draftIndexes = new Map(rules.map(({ rule }, i) => [rule.id, i]));
  return {
    ruleset,
    nameOf: (id) => {
      const draft = draftIndexes.get(id);
      return draft === undefined ? { id } : { draft };
    },
  };
}

/** Returns the name of a draft's field in the request, for errors. */
function fieldOf({ rules }: CheckedRulesRequest<'test'>): (index: number) => string {
  return (index) => (rules === undefined ? 'add' : `rules.${index}`);
}
