import { HISTORY_LEVELS, type History, type HistoryStep, type Summary } from '@packetlog/common';
import { type Amounts, PastLevel, type PastPoint, type Sums } from './past-level.ts';

/** Ranges of the chart, with their resolution. The span of the same length before each is stored, too. */
export const RANGES = [
  { id: '60 s', ms: 60_000, stepMs: 1000 },
  { id: '15 min', ms: 900_000, stepMs: 5000 },
  { id: '6 h', ms: 21_600_000, stepMs: 60_000 },
] as const satisfies readonly { id: string; ms: number; stepMs: HistoryStep }[];

/** A time span, ms since the epoch. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

const PROTOCOL: ReadonlyMap<number, 'tcp' | 'udp' | 'icmp'> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'icmp'],
]);

/** Read access to the history. */
export interface PastView {
  /** Changes with every update. */
  readonly version: number;
  /** End of the known time: of the newest summary, or of the loader's history. ms since the epoch. */
  readonly endMs: number | null;
  /** Points at the finest resolution that covers the span with no more points than fit on a screen. */
  points(span: TimeSpan): PastPoint[];
  /** Sums of the span; null unless nearly all of it is known. */
  sums(span: TimeSpan): Sums | null;
  /** Resolution of `points`. */
  stepMs(span: TimeSpan): number;
}

/** History of rates: filled from the loader, extended by each summary. */
export class Past implements PastView {
  readonly #levels = HISTORY_LEVELS.map(({ step_ms, buckets }) => new PastLevel(step_ms, buckets));
  #newestMs: number | null = null;
  #filledToMs: number | null = null;
  #version = 0;

  get version(): number {
    return this.#version;
  }

  get endMs(): number | null {
    return this.#newestMs ?? this.#filledToMs;
  }

  /** Fills the history from the loader's. `nowMs` approximates the loader's clock if there was no recent summary. */
  fill(history: History, nowMs: number): void {
    const { step_ms, first_at_ms, columns } = history;
    const isFresh = this.#newestMs !== null && nowMs - this.#newestMs < 1500;
    const knownToMs = Math.min(
      isFresh && this.#newestMs !== null ? this.#newestMs : nowMs,
      first_at_ms + columns.packets.length * step_ms,
    );
    this.#levels.find(({ stepMs }) => stepMs === step_ms)?.fill(history, knownToMs);
    if (columns.packets.length > 0) this.#filledToMs = knownToMs;
    this.#version++;
  }

  /**
   * Adds a summary. One that is not newer than the last (the clock stepped back, the loader restarted) clears the
   * history first.
   */
  add(summary: Summary, lost: number): void {
    const { at_ms, interval_ms } = summary;
    if (this.#newestMs !== null && at_ms <= this.#newestMs) this.clear();
    // Consecutive summaries have no gap, whatever the rounding of their times.
    const from = at_ms - interval_ms;
    const joins = this.#newestMs !== null && Math.abs(from - this.#newestMs) < interval_ms / 4;
    const fromMs = joins && this.#newestMs !== null ? this.#newestMs : from;
    const amounts = amountsOf(summary, lost);
    for (const level of this.#levels) level.add(fromMs, at_ms, amounts);
    this.#newestMs = at_ms;
    this.#version++;
  }

  clear(): void {
    for (const level of this.#levels) level.clear();
    this.#newestMs = null;
    this.#filledToMs = null;
    this.#version++;
  }

  /** Returns the points of the span. `stepMs` overrides the default resolution. */
  points(span: TimeSpan, stepMs = this.stepMs(span)): PastPoint[] {
    return this.#levels.find((level) => level.stepMs === stepMs)?.points(span.fromMs, span.toMs) ?? [];
  }

  sums(span: TimeSpan): Sums | null {
    return this.#levelFor(span).sums(span.fromMs, span.toMs);
  }

  stepMs(span: TimeSpan): number {
    return this.#levelFor(span).stepMs;
  }

  /** The coarsest one if no level covers the span with few enough points. */
  #levelFor({ fromMs, toMs }: TimeSpan): PastLevel {
    const fits = this.#levels.filter(({ stepMs }, i) => {
      const isCoarsest = i === this.#levels.length - 1;
      return isCoarsest || (toMs - fromMs) / stepMs <= MAX_POINTS;
    });
    const reach = (level: PastLevel) => Math.max(level.firstMs ?? Number.POSITIVE_INFINITY, fromMs);
    // A coarser level seems to reach back further by rounding alone.
    return fits.reduce((best, level) => (reach(level) < reach(best) - level.stepMs ? level : best));
  }
}

const MAX_POINTS = 400;

function amountsOf({ total, by_action, denied_bytes, by_protocol }: Summary, lost: number): Amounts {
  const protocols = { tcp: 0, udp: 0, icmp: 0, other: 0, tcp_bytes: 0, udp_bytes: 0, icmp_bytes: 0, other_bytes: 0 };
  for (const { ip_protocol, packets, bytes } of by_protocol) {
    const name = PROTOCOL.get(ip_protocol) ?? 'other';
    protocols[name] += packets;
    protocols[`${name}_bytes`] += bytes;
  }
  return {
    packets: total.packets,
    bytes: total.bytes,
    permitted: by_action.permit,
    denied: by_action.deny,
    aborted: by_action.aborted,
    denied_bytes,
    lost,
    ...protocols,
  };
}
