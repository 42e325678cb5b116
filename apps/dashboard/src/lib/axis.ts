const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10] as const;

/** The top of an axis from 0: a round number not below `highest`, and never less than `least`. */
export function axisTop(highest: number, least: number): number {
  const wanted = Math.max(highest, least);
  const magnitude = 10 ** Math.floor(Math.log10(wanted));
  for (const step of STEPS) if (step * magnitude >= wanted) return step * magnitude;
  return 10 * magnitude;
}

/** Three ticks: nothing, half, and the top. */
export function axisTicks(top: number): number[] {
  return [0, top / 2, top];
}

/** Whole minutes inside a span of seconds since the epoch. */
export function minuteTicks(from: number, to: number): number[] {
  const ticks: number[] = [];
  for (let at = Math.ceil(from / 60) * 60; at <= to; at += 60) ticks.push(at);
  return ticks;
}
