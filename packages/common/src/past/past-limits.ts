/** Limits of requests about recorded packets. Kept separate from the schemas, which load the schema library. */

export const MAX_PAST_STEPS = 2000;
export const MAX_PAST_TOP = 100;
export const MAX_PAST_ROWS = 5000;
export const MAX_PAST_ADDRESSES = 50;
export const MAX_BOOKMARKS = 100;
export const MAX_BOOKMARK_NOTE = 200;
