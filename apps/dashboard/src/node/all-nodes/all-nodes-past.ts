import { HISTORY_COLUMNS } from '@packetlog/common';
import type { Past, PastView, TimeSpan } from '../past/past.ts';
import type { PastPoint, Sums } from '../past/past-level.ts';

/** A node this far behind is considered gone and does not delay the others. */
const BEHIND_MS = 5_000;

/** Adds up the histories of several nodes when they are read; stores nothing. */
export class AllNodesPast implements PastView {
  readonly #pasts: readonly Past[];

  constructor(pasts: readonly Past[]) {
    this.#pasts = pasts;
  }

  get version(): number {
    return this.#pasts.reduce((sum, { version }) => sum + version, 0);
  }

  /** The end of the time that all reachable nodes have reported. */
  get endMs(): number | null {
    const ends = this.#pasts.flatMap(({ endMs }) => (endMs === null ? [] : [endMs]));
    if (ends.length === 0) return null;
    const newest = Math.max(...ends);
    return Math.min(...ends.filter((end) => newest - end < BEHIND_MS));
  }

  stepMs(span: TimeSpan): number {
    return Math.max(1000, ...this.#pasts.map((past) => past.stepMs(span)));
  }

  points(span: TimeSpan): PastPoint[] {
    const stepMs = this.stepMs(span);
    const sums = new Map<number, Sums | null>();
    for (const past of this.#pasts) {
      for (const { fromMs, rates } of past.points(span, stepMs)) {
        sums.set(fromMs, plus(sums.get(fromMs) ?? null, rates));
      }
    }
    const starts = [...sums.keys()].sort((a, b) => a - b);
    const points: PastPoint[] = [];
    for (const fromMs of starts) {
      // A node may have ended before another began: time between is unknown.
      for (let last = points.at(-1); last !== undefined && last.fromMs + stepMs < fromMs; last = points.at(-1)) {
        points.push({ fromMs: last.fromMs + stepMs, rates: null });
      }
      points.push({ fromMs, rates: sums.get(fromMs) ?? null });
    }
    return points;
  }

  sums(span: TimeSpan): Sums | null {
    return this.#pasts.reduce<Sums | null>((sum, past) => plus(sum, past.sums(span)), null);
  }
}

function plus(a: Readonly<Sums> | null, b: Readonly<Sums> | null): Sums | null {
  if (a === null || b === null) return a ?? b;
  return Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, a[name] + b[name]])) as Sums;
}
