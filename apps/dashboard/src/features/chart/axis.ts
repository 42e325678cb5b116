const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10] as const;

/** Returns a round number for the top of an axis from 0: at least `highest` and at least `min`. */
export function axisTop(highest: number, min: number): number {
  const wanted = Math.max(highest, min);
  const magnitude = 10 ** Math.floor(Math.log10(wanted));
  for (const step of STEPS) if (step * magnitude >= wanted) return step * magnitude;
  return 10 * magnitude;
}

/**
 * Returns the highest value of all lines at times after `after` up to `to`; 0 without values. `data`: the times, and the
 * values of each line at them; null where there is none.
 */
export function highestOf(data: readonly ArrayLike<number | null | undefined>[], after: number, to: number): number {
  const [times = [], ...lines] = data;
  let highest = 0;
  for (let i = 0; i < times.length; i++) {
    const at = times[i] ?? 0;
    if (at <= after || at > to) continue;
    for (const line of lines) highest = Math.max(highest, line[i] ?? 0);
  }
  return highest;
}

/** Returns three ticks: 0, the middle, and the top. */
export function axisTicks(top: number): number[] {
  return [0, top / 2, top];
}

/** Step between ticks of a time axis, s, for axes up to `span` seconds. */
const TICKS = [
  { span: 6, step: 1 },
  { span: 24, step: 5 },
  { span: 80, step: 15 },
  { span: 150, step: 30 },
  { span: 400, step: 60 },
  { span: 1000, step: 180 },
  { span: 2000, step: 300 },
  { span: 4000, step: 900 },
  { span: 9000, step: 1800 },
  { span: 40_000, step: 3600 },
] as const;
const MAX_STEP = 10_800;

/** Returns round times between `from` and `to` (s since the epoch), and whether their labels need seconds. */
export function timeTicks(from: number, to: number): { ticks: number[]; seconds: boolean } {
  const step = TICKS.find(({ span }) => span >= to - from)?.step ?? MAX_STEP;
  const ticks: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return { ticks, seconds: step < 60 };
}
