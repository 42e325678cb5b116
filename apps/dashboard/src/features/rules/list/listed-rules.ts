import { packetConditionText, type RuleAction } from '@packetlog/common';
import type { ListedRule, RuleCount } from '../../../node/state/rules-state.ts';
import { matchText } from '../../../text/rule-text.ts';

export const SORT_KEYS = ['id', 'rate', 'packets', 'bytes', 'last_seen', 'expires'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface ListChoice {
  /** Words that must all occur in the rule. */
  readonly search: string;
  readonly action: RuleAction | 'all';
  readonly sort: SortKey;
  readonly descending: boolean;
}

/** The initial choice: newest first. */
export const FIRST_CHOICE: ListChoice = { search: '', action: 'all', sort: 'id', descending: true };

/** Returns the rules that match the choice, in its order; ties by number. */
export function listRules(
  rules: readonly ListedRule[],
  choice: ListChoice,
  counted: (id: number) => RuleCount,
): readonly ListedRule[] {
  const words = choice.search.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = rules.filter(
    (rule) => (choice.action === 'all' || rule.action === choice.action) && words.every((word) => has(rule, word)),
  );
  const value = (rule: ListedRule) => sortValue(rule, choice.sort, counted);
  const values = new Map(chosen.map((rule) => [rule.id, value(rule)]));
  const sign = choice.descending ? -1 : 1;
  return chosen.sort((a, b) => sign * ((values.get(a.id) ?? 0) - (values.get(b.id) ?? 0)) || b.id - a.id);
}

/** Returns the choice after a click on a column header: descending first, then ascending. */
export function sortedBy(choice: ListChoice, sort: SortKey): ListChoice {
  const descending = choice.sort === sort ? !choice.descending : sort !== 'expires';
  return { ...choice, sort, descending };
}

export function countByAction(rules: readonly ListedRule[]): Record<RuleAction, number> {
  const counts = { permit: 0, deny: 0, limit: 0, observe: 0 };
  for (const { action } of rules) counts[action]++;
  return counts;
}

function has(rule: ListedRule, word: string): boolean {
  if (word === String(rule.id) || word === rule.action) return true;
  return (
    `${matchText(rule)}${packetConditionText(rule)}`.toLowerCase().includes(word) ||
    rule.reason.toLowerCase().includes(word) ||
    (rule.group !== undefined && `fleet: ${rule.group}`.includes(word)) ||
    rule.created_by.toLowerCase().includes(word)
  );
}

function sortValue(rule: ListedRule, sort: SortKey, counted: (id: number) => RuleCount): number {
  if (sort === 'id') return rule.id;
  if (sort === 'expires') return rule.expires_at === undefined ? Number.MAX_VALUE : Date.parse(rule.expires_at);
  const count = counted(rule.id);
  if (sort === 'rate') return count.perSecond;
  if (sort === 'last_seen') return count.lastSeenMs ?? 0;
  return count[sort];
}
