/**
 * Loops over one column that filters consist of. Each clears the marks of rows that do not match and returns how many
 * marks are left. `rows` has a byte for each record, 1 or 0; with `flip` 1, the rows that match are cleared instead.
 *
 * Each type of array has a loop, because a loop over several types costs more than twice as much.
 */

/** Numbers from `low` to `low + span`, after `mask`; `wanted` 0: all others. */
export interface Interval {
  readonly mask: number;
  readonly low: number;
  readonly span: number;
  readonly wanted: 0 | 1;
}

/** Matches values that have a 1 in `table`. */
export function keepBytes(
  rows: Uint8Array,
  count: number,
  column: Uint8Array,
  table: Uint8Array,
  flip: number,
): number {
  let left = 0;
  for (let i = 0; i < count; i++) {
    const keep = (rows[i] as number) & ((table[column[i] as number] as number) ^ flip);
    rows[i] = keep;
    left += keep;
  }
  return left;
}

export function keepHalfWords(
  rows: Uint8Array,
  count: number,
  column: Uint16Array,
  table: Uint8Array,
  flip: number,
): number {
  let left = 0;
  for (let i = 0; i < count; i++) {
    const keep = (rows[i] as number) & ((table[column[i] as number] as number) ^ flip);
    rows[i] = keep;
    left += keep;
  }
  return left;
}

export function keepWords(
  rows: Uint8Array,
  count: number,
  column: Uint32Array,
  table: Uint8Array,
  flip: number,
): number {
  let left = 0;
  for (let i = 0; i < count; i++) {
    const keep = (rows[i] as number) & ((table[column[i] as number] as number) ^ flip);
    rows[i] = keep;
    left += keep;
  }
  return left;
}

/** Without branches: a difference below zero has its highest bit set. */
export function keepHalfWordsIn(
  rows: Uint8Array,
  count: number,
  column: Uint16Array,
  { mask, low, span, wanted }: Interval,
  flip: number,
): number {
  const outside = 1 ^ wanted ^ flip;
  let left = 0;
  for (let i = 0; i < count; i++) {
    const from = ((column[i] as number) & mask) - low;
    const keep = (rows[i] as number) & (((from | (span - from)) >>> 31) ^ outside ^ 1);
    rows[i] = keep;
    left += keep;
  }
  return left;
}

export function keepWordsIn(
  rows: Uint8Array,
  count: number,
  column: Uint32Array,
  { mask, low, span, wanted }: Interval,
  flip: number,
): number {
  const outside = 1 ^ wanted ^ flip;
  const first = low | 0;
  let left = 0;
  for (let i = 0; i < count; i++) {
    const isIn = (((column[i] as number) & mask) - first) >>> 0 <= span ? 1 : 0;
    const keep = (rows[i] as number) & (isIn ^ outside);
    rows[i] = keep;
    left += keep;
  }
  return left;
}
