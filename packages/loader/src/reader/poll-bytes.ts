/** What one look takes from one ring at most, before the others and the messages get their turn. */
export const LOOK_BYTES = 4 * 1024 * 1024;
