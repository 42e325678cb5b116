/** The same text for filters that say the same, as far as order and repetition go. */
import { allOf, anyOf, EVERYTHING, type Filter } from './filter.ts';
import { formatFilter } from './format.ts';

/** `all` for one that lets everything through. */
export function filterKey(filter: Filter): string {
  return formatFilter(simplified(filter));
}

/** Lets the same through: no term twice, none that says nothing, terms in one order. */
export function simplified(filter: Filter): Filter {
  if (filter.kind === 'not') return negated(simplified(filter.term));
  if (filter.kind !== 'and' && filter.kind !== 'or') return filter;
  const join = filter.kind === 'and' ? allOf : anyOf;
  const whole = join(filter.terms.map(simplified));
  if (whole.kind !== filter.kind) return whole;
  if (whole.kind === 'or' && whole.terms.some(({ kind }) => kind === 'all')) return EVERYTHING;
  const byText = new Map(whole.terms.filter(({ kind }) => kind !== 'all').map((term) => [formatFilter(term), term]));
  return join([...byText.keys()].sort().map((text) => byText.get(text) as Filter));
}

function negated(filter: Filter): Filter {
  return filter.kind === 'not' ? filter.term : { kind: 'not', term: filter };
}
