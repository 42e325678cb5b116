/** Keys of counters: the id of a rule, or for a limit also the key of what is over it. */
const OVER = 2 ** 32;

/** Returns the key, in place of an id, of the counter of what is over a limit. */
export function overKey(id: number): number {
  return OVER + id;
}

/** Returns the id of the limit; undefined: the key is that of a rule. */
export function overLimit(key: number): number | undefined {
  return key > OVER ? key - OVER : undefined;
}
