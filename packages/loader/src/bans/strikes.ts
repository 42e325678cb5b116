/** How long a source is banned: longer each time, until it has not been banned for a week. */
import type { BanTimes } from '@packetlog/common';
import type { BansFile } from '../rules/store/bans-file.ts';
import { MAX_STRIKES } from '../rules/store/bans-file.ts';

/** Strikes are forgotten this long after the last ban ended. */
export const STRIKE_MEMORY_MS = 7 * 24 * 3_600_000;
const FACTOR = 4;
/** Further ones do not make a ban longer. */
const MAX_COUNTED = 16;

/** `strike`: 1 for the first ban. Returns 1, 4, 16 and 24 h for a ban of 1 h up to 24 h. */
export function banDurationMs({ firstMs, maxMs }: BanTimes, strike: number): number {
  return Math.min(maxMs, firstMs * FACTOR ** Math.min(strike - 1, MAX_COUNTED));
}

interface Strike {
  readonly source: string;
  readonly limit_rule: number;
  /** Decision and end of each ban, oldest first. */
  bans: [decision: number, endsAtMs: number][];
}

export class Strikes {
  readonly #strikes = new Map<string, Strike>();

  constructor(stored: BansFile['strikes'] = []) {
    for (const { source, limit_rule, bans } of stored) {
      this.#strikes.set(keyOf(source, limit_rule), { source, limit_rule, bans: bans.slice(-MAX_COUNTED) });
    }
  }

  /** Returns the number that a ban of this source by this limit would have. */
  next(source: string, limitRule: number, nowMs: number): number {
    const strike = this.#strikes.get(keyOf(source, limitRule));
    return strike === undefined || isForgotten(strike, nowMs) ? 1 : strike.bans.length + 1;
  }

  /** Counts a ban. If there are too many sources, the one whose last ban ends first is forgotten. */
  add(source: string, limitRule: number, ban: readonly [decision: number, endsAtMs: number], nowMs: number): void {
    const key = keyOf(source, limitRule);
    const known = this.#strikes.get(key);
    const bans = known === undefined || isForgotten(known, nowMs) ? [] : known.bans;
    this.#strikes.set(key, {
      source,
      limit_rule: limitRule,
      bans: [...bans, [...ban] as Strike['bans'][0]].slice(-MAX_COUNTED),
    });
    if (this.#strikes.size > MAX_STRIKES) this.#makeRoom(nowMs);
  }

  /** Does not count the ban of this decision any more. */
  remove(source: string, limitRule: number, decision: number): void {
    const key = keyOf(source, limitRule);
    const strike = this.#strikes.get(key);
    if (strike === undefined) return;
    strike.bans = strike.bans.filter(([id]) => id !== decision);
    if (strike.bans.length === 0) this.#strikes.delete(key);
  }

  /** Moves all ends, as the wall clock was set. */
  shift(ms: number): void {
    for (const strike of this.#strikes.values()) {
      strike.bans = strike.bans.map(([id, endsAtMs]) => [id, endsAtMs + ms]);
    }
  }

  /** Returns those that are not forgotten, to store them. */
  stored(nowMs: number): BansFile['strikes'] {
    return [...this.#strikes.values()].filter((strike) => !isForgotten(strike, nowMs));
  }

  #makeRoom(nowMs: number): void {
    for (const [key, strike] of this.#strikes) if (isForgotten(strike, nowMs)) this.#strikes.delete(key);
    if (this.#strikes.size <= MAX_STRIKES) return;
    let earliest: { key: string; endMs: number } | undefined;
    for (const [key, strike] of this.#strikes) {
      const endMs = lastEndMs(strike);
      if (earliest === undefined || endMs < earliest.endMs) earliest = { key, endMs };
    }
    if (earliest !== undefined) this.#strikes.delete(earliest.key);
  }
}

/** One key for a source and a limit. */
export function keyOf(source: string, limitRule: number): string {
  return `${limitRule} ${source}`;
}

function lastEndMs({ bans }: Pick<Strike, 'bans'>): number {
  return Math.max(...bans.map(([, endsAtMs]) => endsAtMs));
}

function isForgotten(strike: Strike, nowMs: number): boolean {
  return lastEndMs(strike) + STRIKE_MEMORY_MS <= nowMs;
}
