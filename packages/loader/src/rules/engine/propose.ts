/** Stage 1, read: computes the rules after the changes, applying each to the outcome of the one before. */
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { Change, Outcome } from './change.ts';

export interface Applied {
  readonly change: Change<unknown>;
  readonly before: Ruleset;
  readonly outcome: Outcome<unknown>;
}

/** Returns the outcomes in the order of the changes. Throws RulesRejection for the first that cannot be applied. */
export function propose(ruleset: Ruleset, changes: readonly Change<unknown>[], nowMs: number): Applied[] {
  let current = ruleset;
  return changes.map((change) => {
    const before = current;
    const outcome = change.apply(before, { nowMs, createdBy: change.who.name });
    current = outcome.ruleset;
    return { change, before, outcome };
  });
}
