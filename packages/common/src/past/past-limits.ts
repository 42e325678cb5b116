/** Limits and choices of requests about recorded packets. Kept separate from the schemas, which load the schema library. */

export const MAX_PAST_STEPS = 2000;
export const MAX_PAST_TOP = 100;
/** Networks of one group of sources that are listed: a filter with more would not be readable. */
export const MAX_GROUP_NETWORKS = 16;
export const MAX_PAST_ROWS = 5000;
export const MAX_PAST_ADDRESSES = 50;
/** Addresses and networks of a set of sources. */
export const MAX_LEARN_SOURCES = 500;
export const MAX_BOOKMARKS = 100;
export const MAX_BOOKMARK_NOTE = 200;

/** What the sources of top lists can be grouped by. `network`: /24 of IPv4, /48 of IPv6; `as`: autonomous system. */
export const SOURCE_GROUPS = ['network', 'as', 'country'] as const;
export type SourceGroup = (typeof SOURCE_GROUPS)[number];
