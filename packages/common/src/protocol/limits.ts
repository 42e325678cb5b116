/**
 * Limits that both ends of a socket obey. Kept separate from the schemas, so that importing them does not load the
 * schema library.
 */

/** Changes with every change of the record's layout, the batch header or a message. */
export const PROTOCOL_VERSION = 2;

/** Shortest token or admin token. The allowed characters need no escape in a URL. */
export const MIN_TOKEN_CHARACTERS = 16;
export const MAX_TOKEN_CHARACTERS = 256;
export const TOKEN_PATTERN = /^[\w~.-]{16,256}$/;

/** Most rows per second a client may request, and the default. */
export const MAX_ROWS_PER_SECOND = 1_000_000;
export const DEFAULT_ROWS_PER_SECOND = 20_000;

/** A longer message from a client ends its connection. Send longer lists of networks through the control socket. */
export const MAX_MESSAGE_BYTES = 65_536;

/** Most batches per second a client may request, and the default. */
export const MAX_BATCHES_PER_SECOND = 1000;

/** Most addresses of one request for names or places. */
export const MAX_REVERSE_ADDRESSES = 20;
export const MAX_PLACE_ADDRESSES = 50;
