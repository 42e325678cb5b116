import { allOf, EVERYTHING, type Filter, formatFilter } from '@packetlog/common';
import { readFilterText } from './filter-text.ts';

/** Restricts the filter in `text` to `term`. Replaces a term with the opposite meaning. */
export function onlyThis(text: string, term: Filter): string {
  return withTerm(text, term, { kind: 'not', term });
}

/** Excludes what `term` matches from the filter in `text`. */
export function withoutThis(text: string, term: Filter): string {
  return withTerm(text, { kind: 'not', term }, term);
}

/** Formats the parsed filter again, with brackets where they are needed. */
function withTerm(text: string, wanted: Filter, opposite: Filter): string {
  const now = readFilterText(text).filter ?? EVERYTHING;
  const terms = now.kind === 'and' ? now.terms : now.kind === 'all' ? [] : [now];
  const unsaid = new Set([formatFilter(wanted), formatFilter(opposite)]);
  const others = terms.filter((each) => !unsaid.has(formatFilter(each)));
  return formatFilter(allOf([...others, wanted]));
}

/** Returns the conditions that a filter joins by "and", as text. */
export function conditionsOf(text: string): string[] {
  const { filter } = readFilterText(text);
  if (filter === null) return [];
  return (filter.kind === 'and' ? filter.terms : [filter]).map(formatFilter);
}

/** Removes the condition with this text. */
export function withoutCondition(text: string, condition: string): string {
  const { filter } = readFilterText(text);
  if (filter === null || filter.kind !== 'and') return '';
  return formatFilter(allOf(filter.terms.filter((each) => formatFilter(each) !== condition)));
}
