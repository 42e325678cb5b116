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

/** Seconds that the time axis shows, and between its ticks: it widens as more is held. */
const SPANS = [
  { span: 60, step: 15 },
  { span: 120, step: 30 },
  { span: 300, step: 60 },
] as const;

const WIDEST = SPANS[2];

/** Seconds that the time axis shows when so many are held. */
export function axisSpan(heldSeconds: number): number {
  return (SPANS.find(({ span }) => span >= heldSeconds) ?? WIDEST).span;
}

/** Round times inside a span of seconds since the epoch, and whether a label needs its seconds. */
export function timeTicks(from: number, to: number): { ticks: number[]; seconds: boolean } {
  const { step } = SPANS.find(({ span }) => span >= to - from) ?? WIDEST;
  const ticks: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return { ticks, seconds: step < 60 };
}
