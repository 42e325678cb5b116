import type { ListedRule, RuleBook } from './rule-book.ts';

export interface TopRule {
  readonly rule: ListedRule;
  /** Packets per second over the last intervals. */
  readonly perSecond: number;
}

/** Rules that refuse, or would, most often just now; those that do not are no part of it. */
export function topRules(book: RuleBook, most: number): readonly TopRule[] {
  const { rules } = book.view?.snapshot ?? { rules: [] };
  return rules
    .filter(({ action }) => action !== 'permit')
    .map((rule) => ({ rule, perSecond: book.recentRate(rule.id) }))
    .filter(({ perSecond }) => perSecond > 0)
    .sort((a, b) => b.perSecond - a.perSecond || a.rule.id - b.rule.id)
    .slice(0, most);
}
