/** Bytes that one poll reads from one ring at most, before the other rings and the messages get their turn. */
export const POLL_BYTES = 4 * 1024 * 1024;
