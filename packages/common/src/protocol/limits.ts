/** Numbers that both ends of a socket keep to. Apart from the schemas: who needs only these does without their library. */

/** Changes with every change of the record's layout, the batch header or a message. */
export const PROTOCOL_VERSION = 2;

/** A token or an admin token. Its characters need no escape in a URL. */
export const MIN_TOKEN_CHARACTERS = 16;
export const MAX_TOKEN_CHARACTERS = 256;
export const TOKEN_PATTERN = /^[\w~.-]{16,256}$/;

/** Most rows per second a client may ask for, and what it gets when it asks for none. */
export const MAX_ROWS_PER_SECOND = 1_000_000;
export const DEFAULT_ROWS_PER_SECOND = 20_000;

/** A message from a client that is longer ends its connection. Longer lists of networks go through the control socket. */
export const MAX_MESSAGE_BYTES = 65_536;

/** Most batches per second a client may ask for, and what it gets when it asks for none. */
export const MAX_BATCHES_PER_SECOND = 1000;

/** Most addresses of one request for names or places. */
export const MAX_REVERSE_ADDRESSES = 20;
export const MAX_PLACE_ADDRESSES = 50;
