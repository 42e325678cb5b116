/** Which offenders are asked about again: the kernel reports each as long as it is over. */
import type { BansFile } from '../rules/store/bans-file.ts';
import type { Offender } from './offender.ts';
import { keyOf } from './strikes.ts';

const MINUTE_MS = 60_000;
/** The same outcome is recorded after 1, 4, 16 and then every 60 minutes. */
const FACTOR = 4;
const MAX_PAUSE_MS = 60 * MINUTE_MS;
const MAX_KEYS = 20_000;
/** Undone bans whose episodes are remembered. */
const MAX_EPISODES = 10_000;

interface Asked {
  readonly atMs: number;
  readonly overSinceNs: bigint;
  readonly connections: number;
  readonly outcome: string;
  readonly recordedMs: number;
  readonly pauseMs: number;
}

export class Repeats {
  /** By source and limit; the one asked longest ago is first. */
  readonly #asked = new Map<string, Asked>();

  /** Returns whether a decision is due: the last one is a minute old, and there were new connections since. */
  isDue(key: string, { overSinceNs, connections }: Offender, nowMs: number): boolean {
    const last = this.#asked.get(key);
    if (last === undefined) return true;
    if (overSinceNs === last.overSinceNs && connections <= last.connections) return false;
    return nowMs - last.atMs >= MINUTE_MS;
  }

  /** Remembers a decision. Returns whether to record it: not if it repeats the last one soon. `nowMs`: monotonic. */
  decided(key: string, { overSinceNs, connections }: Offender, outcome: string, nowMs: number): boolean {
    const last = this.#asked.get(key);
    const isRepeated = last?.outcome === outcome && nowMs - last.recordedMs < MAX_PAUSE_MS + MINUTE_MS;
    const isRecorded = !isRepeated || nowMs - last.recordedMs >= last.pauseMs;
    this.#set(key, {
      ...{ atMs: nowMs, overSinceNs, connections, outcome },
      recordedMs: isRecorded ? nowMs : (last?.recordedMs ?? nowMs),
      pauseMs: isRepeated ? Math.min(MAX_PAUSE_MS, isRecorded ? last.pauseMs * FACTOR : last.pauseMs) : MINUTE_MS,
    });
    return isRecorded;
  }

  #set(key: string, asked: Asked): void {
    this.#asked.delete(key);
    this.#asked.set(key, asked);
    if (this.#asked.size <= MAX_KEYS) return;
    const [oldest = ''] = this.#asked.keys();
    this.#asked.delete(oldest);
  }
}

type Episode = NonNullable<BansFile['undone']>[number];

/**
 * Episodes of sources whose bans were undone: from when a source was over a limit until its bucket is empty. What led to a ban
 * that a person ended leads to no other.
 */
export class UndoneEpisodes {
  /** By source and limit, oldest first. */
  readonly #episodes = new Map<string, Episode>();

  constructor(stored: readonly Episode[] = []) {
    for (const episode of stored) this.add(episode);
  }

  get stored(): Episode[] {
    return [...this.#episodes.values()];
  }

  has(source: string, limitRule: number, overSinceNs: bigint): boolean {
    return this.#episodes.get(keyOf(source, limitRule))?.over_since_ns === String(overSinceNs);
  }

  add({ source, limit_rule, over_since_ns }: Episode): void {
    const key = keyOf(source, limit_rule);
    this.#episodes.delete(key);
    this.#episodes.set(key, { source, limit_rule, over_since_ns });
    if (this.#episodes.size <= MAX_EPISODES) return;
    const [oldest = ''] = this.#episodes.keys();
    this.#episodes.delete(oldest);
  }
}

/** At most this many in a minute. */
export class PerMinute {
  readonly #max: number;
  /** Oldest first. */
  readonly #times: number[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  isFull(nowMs: number): boolean {
    while (nowMs - (this.#times[0] ?? nowMs) >= MINUTE_MS) this.#times.shift();
    return this.#times.length >= this.#max;
  }

  add(nowMs: number): void {
    this.#times.push(nowMs);
  }
}
