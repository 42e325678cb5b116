/** Rows above and below those in sight that are drawn too, so that a little scrolling shows no gap. */
const SPARE = 4;

/** From `from` up to, and without, `to`. */
export interface RowWindow {
  readonly from: number;
  readonly to: number;
}

/** Which of `count` rows to draw when `rows` of them fit, from `first` on. A list that became shorter shows its end. */
export function rowWindow(first: number, rows: number, count: number): RowWindow {
  const top = Math.max(0, Math.min(first, count - rows));
  return { from: Math.max(0, top - SPARE), to: Math.min(count, top + rows + SPARE) };
}

export function indexesOf({ from, to }: RowWindow): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
