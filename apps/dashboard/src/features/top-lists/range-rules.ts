import type { HistoryTop, Rule, RuleAction } from '@packetlog/common';
import type { RulesState } from '../../node/state/rules-state.ts';
import { decisionOfRule, ruleName } from '../../text/rule-address.ts';
import { matchText } from '../../text/rule-text.ts';

/** A rule that denied, or would deny, in a time range. */
export interface RangeRule {
  readonly id: number;
  /** '12', or 'ban 12'. */
  readonly name: string;
  /** `observe` also for a limit that observes; null for a rule that was removed: its action is not known. */
  readonly action: RuleAction | null;
  readonly label: string;
  readonly title: string;
  readonly packets: number;
  readonly series: readonly number[];
}

/** Rules by packets, descending. Removed rules are listed by number; permit rules are omitted. */
export function rangeRules(top: HistoryTop['rules'], state: RulesState, max: number): RangeRule[] {
  const rulesById = new Map(state.view?.snapshot.rules.map((rule) => [rule.id, rule]));
  return top
    .filter(({ rule_id, packets }) => packets > 0 && rulesById.get(rule_id)?.action !== 'permit')
    .slice(0, max)
    .map(({ rule_id, packets, series }) => {
      const rule = rulesById.get(rule_id);
      const isBan = decisionOfRule(rule_id) !== null;
      const match = isBan ? '' : rule === undefined ? 'removed rule' : matchText(rule);
      return {
        id: rule_id,
        name: ruleName(rule_id),
        action: isBan ? 'deny' : rule === undefined ? null : isObserving(rule) ? 'observe' : rule.action,
        label: rule?.reason || match,
        title: isBan ? 'A ban: show why' : `rule ${rule_id}: ${match}${rule?.reason ? `, reason: ${rule.reason}` : ''}`,
        packets,
        series,
      };
    });
}

function isObserving({ action, enforce }: Pick<Rule, 'action' | 'enforce'>): boolean {
  return action === 'limit' && enforce !== true;
}
