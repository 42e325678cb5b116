/**
 * Limits that apply to both ends of a socket. Kept separate from the schemas, so that importing them does not load the
 * schema library.
 */

/** Changes with every change of the record's layout, the batch header or a message. */
export const PROTOCOL_VERSION = 2;

/** Minimum length of a token or admin token. The allowed characters need no escape in a URL. */
export const MIN_TOKEN_CHARACTERS = 16;
export const MAX_TOKEN_CHARACTERS = 256;
export const TOKEN_PATTERN = /^[\w~.-]{16,256}$/;
/** Of a token in a handshake: a hub's grant is longer than a loader's own tokens. */
export const MAX_CREDENTIAL_CHARACTERS = 1024;

/** Maximum rows per second that a client can request, and the default. */
export const MAX_ROWS_PER_SECOND = 1_000_000;
export const DEFAULT_ROWS_PER_SECOND = 20_000;

/**
 * Maximum length of a message from a client; a longer one ends its connection. Send longer lists of networks through
 * the control socket.
 */
export const MAX_MESSAGE_BYTES = 65_536;

/** Maximum batches per second that a client can request, and the default. */
export const MAX_BATCHES_PER_SECOND = 1000;

/** Maximum addresses of one request for names or places. */
export const MAX_REVERSE_ADDRESSES = 20;
export const MAX_PLACE_ADDRESSES = 50;
