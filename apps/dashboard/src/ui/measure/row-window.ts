/** Extra rows above and below the visible ones, so that scrolling shows no gap. */
const OVERSCAN = 4;

/** Rows from `from` to `to`, exclusive. */
export interface RowWindow {
  readonly from: number;
  readonly to: number;
}

/**
 * Returns the rows to draw of `count`, if `rows` fit and `first` is at the top. A list that became shorter shows its
 * end.
 */
export function rowWindow(first: number, rows: number, count: number): RowWindow {
  const top = Math.max(0, Math.min(first, count - rows));
  return { from: Math.max(0, top - OVERSCAN), to: Math.min(count, top + rows + OVERSCAN) };
}

export function indexesOf({ from, to }: RowWindow): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
