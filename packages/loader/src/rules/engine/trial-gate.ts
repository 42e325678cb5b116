/** Rejects a change that enforces a limit that was not tried: a limit denies real users if its number is a guess. */
import type { Rule } from '@packetlog/common';
import { RulesRejection } from '../ruleset/rejection.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { isLooser, type LimitTrials } from '../safety/limit-trials.ts';
import { newlyEnforced } from '../safety/risk.ts';
import type { Change } from './change.ts';
import type { Applied } from './propose.ts';

/**
 * A rules file that is loaded takes effect as it is written, and undo restores what was in force: both wait for
 * confirmation if they are risky.
 */
const EXEMPT: ReadonlySet<Change<unknown>['what']> = new Set(['load', 'undo', 'expire']);

/** Throws RulesRejection with the code `untried`. */
export function requireTried(
  applied: readonly Pick<Applied, 'change' | 'before' | 'outcome'>[],
  trials: LimitTrials,
): void {
  for (const { change, before, outcome } of applied) {
    if (change.now || change.isAccepted || EXEMPT.has(change.what)) continue;
    for (const rule of newlyEnforced(before, outcome.ruleset)) {
      const message = isLooserThanBefore(rule, before) ? undefined : trials.problem(rule);
      if (message !== undefined) throw new RulesRejection({ code: 'untried', message });
    }
  }
}

/** Raising the numbers of an enforced limit must not have to wait. */
function isLooserThanBefore(rule: Rule, { rules }: Ruleset): boolean {
  return rules.some((each) => each.action === 'limit' && each.enforce === true && isLooser(rule, each));
}
