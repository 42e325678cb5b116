import { allOf, EVERYTHING, type Filter, formatFilter } from '@packetlog/common';
import { readFilterText } from './filter-text.ts';

/** The filter in `text`, and of that only what `term` lets through. A term that said the opposite goes. */
export function onlyThis(text: string, term: Filter): string {
  return withTerm(text, term, { kind: 'not', term });
}

/** The filter in `text` without what `term` lets through. */
export function withoutThis(text: string, term: Filter): string {
  return withTerm(text, { kind: 'not', term }, term);
}

/** Written anew from what it means, so that it means what it says: with brackets where they matter. */
function withTerm(text: string, wanted: Filter, opposite: Filter): string {
  const now = readFilterText(text).filter ?? EVERYTHING;
  const terms = now.kind === 'and' ? now.terms : now.kind === 'all' ? [] : [now];
  const unsaid = new Set([formatFilter(wanted), formatFilter(opposite)]);
  const others = terms.filter((each) => !unsaid.has(formatFilter(each)));
  return formatFilter(allOf([...others, wanted]));
}
