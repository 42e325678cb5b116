/** Extra rows above and below the visible ones, so that scrolling shows no gap. */
const OVERSCAN = 4;

/** From `from` to `to`, exclusive. */
export interface RowWindow {
  readonly from: number;
  readonly to: number;
}

/** The rows to draw of `count`, when `rows` fit and `first` is at the top. A list that became shorter shows its end. */
export function rowWindow(first: number, rows: number, count: number): RowWindow {
  const top = Math.max(0, Math.min(first, count - rows));
  return { from: Math.max(0, top - OVERSCAN), to: Math.min(count, top + rows + OVERSCAN) };
}

export function indexesOf({ from, to }: RowWindow): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
