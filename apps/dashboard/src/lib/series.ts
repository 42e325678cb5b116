import type { Summary } from '@packetlog/common';

/** How far back the charts reach. */
export const SERIES_SPAN_MS = 300_000;
/** Neighbours further apart are not joined by a line: nothing is known of the time between. */
const GAP_MS = 2_500;
// Some more than one a second over the span, because a loader's second may be a little short.
const CAPACITY = 360;

/** Columns for the chart, oldest first. Time in s since the epoch; null breaks the line. */
export interface SeriesColumns {
  readonly time: readonly number[];
  readonly permit: readonly (number | null)[];
  readonly deny: readonly (number | null)[];
  readonly bytes: readonly (number | null)[];
  /** Rows lost in that interval: a count, not a rate. */
  readonly lost: readonly number[];
}

interface Point {
  readonly at_ms: number;
  /** Per second. */
  readonly permit: number;
  readonly deny: number;
  readonly bytes: number;
  readonly lost: number;
}

/** Without a line along the axis where there is nothing: a 0 stays only next to a value, so that lines begin and end at 0. */
export function withoutZeros(column: readonly (number | null)[]): (number | null)[] {
  return column.map((value, i) => (value === 0 && !column[i - 1] && !column[i + 1] ? null : value));
}

/** The last five minutes of `summary`, in memory of a fixed size. */
export class SeriesRing {
  readonly #points: Point[] = [];

  /** A summary that is not newer than the newest (a clock step back) begins the series anew. */
  push(summary: Summary, lost: number): void {
    const perSecond = 1000 / summary.interval_ms;
    const newest = this.#points.at(-1);
    if (newest !== undefined && summary.at_ms <= newest.at_ms) this.#points.length = 0;
    this.#points.push({
      at_ms: summary.at_ms,
      permit: summary.by_action.permit * perSecond,
      deny: (summary.by_action.deny + summary.by_action.aborted) * perSecond,
      bytes: summary.total.bytes * perSecond,
      lost,
    });
    while (this.#points.length > CAPACITY || (this.#points[0]?.at_ms ?? 0) < summary.at_ms - SERIES_SPAN_MS) {
      this.#points.shift();
    }
  }

  get length(): number {
    return this.#points.length;
  }

  get newestMs(): number | null {
    return this.#points.at(-1)?.at_ms ?? null;
  }

  columns(): SeriesColumns {
    const time: number[] = [];
    const permit: (number | null)[] = [];
    const deny: (number | null)[] = [];
    const bytes: (number | null)[] = [];
    const lost: number[] = [];
    let before: number | null = null;
    for (const point of this.#points) {
      if (before !== null && point.at_ms - before > GAP_MS) {
        time.push((before + 1) / 1000);
        permit.push(null);
        deny.push(null);
        bytes.push(null);
        lost.push(0);
      }
      time.push(point.at_ms / 1000);
      permit.push(point.permit);
      deny.push(point.deny);
      bytes.push(point.bytes);
      lost.push(point.lost);
      before = point.at_ms;
    }
    return { time, permit, deny, bytes, lost };
  }

  /** What the chart shows, for somebody who cannot see it; null while there is nothing. */
  extent(): { seconds: number; lowest: number; highest: number; latest: number; deniedHighest: number } | null {
    const first = this.#points[0];
    const last = this.#points.at(-1);
    if (first === undefined || last === undefined) return null;
    const rates = this.#points.map((point) => point.permit + point.deny);
    return {
      seconds: Math.round((last.at_ms - first.at_ms) / 1000),
      lowest: Math.min(...rates),
      highest: Math.max(...rates),
      latest: last.permit + last.deny,
      deniedHighest: Math.max(...this.#points.map((point) => point.deny)),
    };
  }
}
