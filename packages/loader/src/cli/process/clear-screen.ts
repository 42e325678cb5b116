/** Clears a terminal, and moves its cursor to the top. */
export const CLEAR_SCREEN = '\x1b[H\x1b[2J';
