import { NO_FILTER } from '../../text/filter-text.ts';

/** Returns the filter in the hash `#filter=…`, '' if there is none. Browsers do not send the hash to servers. */
export function filterOfHash(hash: string): string {
  return new URLSearchParams(hash.replace(/^#/, '')).get('filter') ?? NO_FILTER;
}

/** Returns a hash with only the filter, '' without one. */
export function hashOfFilter(text: string): string {
  return text.trim() === '' ? '' : `#${new URLSearchParams({ filter: text.trim() })}`;
}
