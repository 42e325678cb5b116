/** Which offenders are asked about again: the kernel reports each as long as it is over. */
import type { Offender } from './offender.ts';

const MINUTE_MS = 60_000;
/** The same outcome is recorded after 1, 4, 16 and then every 60 minutes. */
const FACTOR = 4;
const MAX_PAUSE_MS = 60 * MINUTE_MS;
const MAX_KEYS = 20_000;

interface Asked {
  readonly atMs: number;
  readonly overSinceNs: bigint;
  readonly connections: number;
  readonly outcome: string;
  readonly recordedMs: number;
  readonly pauseMs: number;
  readonly isUndone: boolean;
}

export class Repeats {
  /** By source and limit; the one asked longest ago is first. */
  readonly #asked = new Map<string, Asked>();

  /** Returns whether a decision is due: the last one is a minute old, and there were new connections since. */
  isDue(key: string, { overSinceNs, connections }: Offender, nowMs: number): boolean {
    const last = this.#asked.get(key);
    if (last === undefined) return true;
    if (overSinceNs === last.overSinceNs && (last.isUndone || connections <= last.connections)) return false;
    return nowMs - last.atMs >= MINUTE_MS;
  }

  /** Remembers a decision. Returns whether to record it: not if it repeats the last one soon. `nowMs`: monotonic. */
  decided(key: string, { overSinceNs, connections }: Offender, outcome: string, nowMs: number): boolean {
    const last = this.#asked.get(key);
    const isRepeated = last?.outcome === outcome && nowMs - last.recordedMs < MAX_PAUSE_MS + MINUTE_MS;
    const isRecorded = !isRepeated || nowMs - last.recordedMs >= last.pauseMs;
    this.#set(key, {
      ...{ atMs: nowMs, overSinceNs, connections, outcome, isUndone: false },
      recordedMs: isRecorded ? nowMs : (last?.recordedMs ?? nowMs),
      pauseMs: isRepeated ? Math.min(MAX_PAUSE_MS, isRecorded ? last.pauseMs * FACTOR : last.pauseMs) : MINUTE_MS,
    });
    return isRecorded;
  }

  /** After an undo, what led to the ban counts no more: the source has to be under the limit before it is over again. */
  undone(key: string): void {
    const last = this.#asked.get(key);
    if (last !== undefined) this.#set(key, { ...last, isUndone: true });
  }

  #set(key: string, asked: Asked): void {
    this.#asked.delete(key);
    this.#asked.set(key, asked);
    if (this.#asked.size <= MAX_KEYS) return;
    const [oldest = ''] = this.#asked.keys();
    this.#asked.delete(oldest);
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
