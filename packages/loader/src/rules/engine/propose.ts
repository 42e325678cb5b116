/** Stage 1, read: the rules as they would be after the changes, each applied to the outcome of the one before. */
import type { RuleBook } from '../ruleset/ruleset.ts';
import type { Change, Outcome } from './change.ts';

export interface Applied {
  readonly change: Change<unknown>;
  readonly before: RuleBook;
  readonly outcome: Outcome<unknown>;
}

/** The outcomes in the order of the changes. Throws RulesRefusal for the first that cannot be applied. */
export function propose(book: RuleBook, changes: readonly Change<unknown>[], nowMs: number): Applied[] {
  let now = book;
  return changes.map((change) => {
    const before = now;
    const outcome = change.apply(before, { nowMs, createdBy: change.who.name });
    now = outcome.book;
    return { change, before, outcome };
  });
}
