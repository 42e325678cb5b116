import { NO_FILTER } from '../../text/filter-text.ts';

/** The filter in a page's `#filter=…`, '' if there is none: it stands behind the hash, so no server sees it. */
export function filterOfHash(hash: string): string {
  return new URLSearchParams(hash.replace(/^#/, '')).get('filter') ?? NO_FILTER;
}

/** The hash that carries the filter and nothing else, '' without one. */
export function hashOfFilter(text: string): string {
  return text.trim() === '' ? '' : `#${new URLSearchParams({ filter: text.trim() })}`;
}
