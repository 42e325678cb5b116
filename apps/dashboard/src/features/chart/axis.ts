import { dateText, midnight } from '../../text/calendar-text.ts';
import { clockMinuteText, clockText } from '../../text/clock.ts';

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
  { span: 30_000, step: 3600 },
  { span: 90_000, step: 10_800 },
  { span: 180_000, step: 21_600 },
  { span: 360_000, step: 43_200 },
] as const;
const DAY = 86_400;
const MAX_DAYS = 8;
/** From this step on, an axis can be as long as a day: midnight is labelled with the day, s. */
const FIRST_WITH_DAYS = 10_800;

/** Returns round local times between `from` and `to` (s since the epoch), and the step between them, s. */
export function timeTicks(from: number, to: number): { ticks: number[]; step: number } {
  const step = TICKS.find(({ span }) => span >= to - from)?.step ?? Math.ceil((to - from) / DAY / MAX_DAYS) * DAY;
  const ticks: number[] = [];
  const date = new Date(from * 1000);
  if (step < 3600) {
    // Local time need not differ from UTC by whole hours.
    const shift = date.getTimezoneOffset() * 60;
    for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step) ticks.push(at);
    return { ticks, step };
  }
  // By the calendar: a day can have 23 or 25 hours.
  for (let hours = 0; ; hours += step / 3600) {
    const at = new Date(date.getFullYear(), date.getMonth(), date.getDate(), hours).getTime() / 1000;
    if (!(at <= to)) return { ticks, step };
    if (at >= from) ticks.push(at);
  }
}

/** Returns the label of a tick: '14:03', with seconds if the step is shorter than a minute, or the day: 'Sat 28 Nov'. */
export function tickText(at: number, step: number): string {
  const ms = at * 1000;
  if (step < 60) return clockText(ms);
  return step >= FIRST_WITH_DAYS && ms === midnight(ms) ? dateText(ms) : clockMinuteText(ms);
}
