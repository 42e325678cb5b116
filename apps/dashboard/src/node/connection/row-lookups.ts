import type { Acknowledgement, Rejection } from '@packetlog/common';

/** Resolves with the values by key; null: there is none. */
export type LookUpKeys<Value> = (
  keys: readonly string[],
) => Promise<Acknowledgement<Readonly<Record<string, Value | null>>>>;

interface Clock {
  /** Returns milliseconds. */
  now(): number;
  later(action: () => void, ms: number): void;
}

const BROWSER_CLOCK: Clock = {
  now: () => performance.now(),
  later: (action, ms) => void setTimeout(action, ms),
};

/** Time in which cells that appear share a request, and between requests. */
const GATHER_MS = 300;
/** Delay before the next request after one that failed without saying when to retry. */
const RETRY_MS = 60_000;
const MAX_KNOWN = 2000;

/**
 * Looks up what cells of a table show: only of cells that are on the screen, several in one request, one request at a
 * time. Cells that have gone are not looked up any more.
 */
export class RowLookups<Value> {
  readonly #lookUp: LookUpKeys<Value>;
  readonly #maxKeys: number;
  readonly #freshMs: number;
  readonly #clock: Clock;
  readonly #cells = new Map<object, string>();
  readonly #known = new Map<string, { readonly value: Value | null; readonly at: number }>();
  readonly #listeners = new Set<() => void>();
  /** When the next request begins; undefined: none is planned. */
  #plannedAt: number | undefined;
  #isAsking = false;
  /** No request before this time, after one that failed. */
  #retryAt = 0;
  #isUnavailable = false;
  #version = 0;

  /** `maxKeys`: of one request. `freshMs`: after this time, a value on the screen is looked up again. */
  constructor(
    lookUp: LookUpKeys<Value>,
    { maxKeys, freshMs }: { maxKeys: number; freshMs: number },
    clock: Clock = BROWSER_CLOCK,
  ) {
    this.#lookUp = lookUp;
    this.#maxKeys = maxKeys;
    this.#freshMs = freshMs;
    this.#clock = clock;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly version = (): number => this.#version;

  /** Whether the loader does not look this up: an option is missing. */
  get isUnavailable(): boolean {
    return this.#isUnavailable;
  }

  /** Returns undefined if it is not known yet. */
  get(key: string): Value | null | undefined {
    return this.#known.get(key)?.value;
  }

  /** The cell shows the value of this key, in place of the one before. */
  show(cell: object, key: string): void {
    this.#cells.set(cell, key);
    if (!this.#isFresh(key) && this.#clock.now() >= this.#retryAt) this.#plan(GATHER_MS);
  }

  hide(cell: object): void {
    this.#cells.delete(cell);
  }

  #isFresh(key: string): boolean {
    const known = this.#known.get(key);
    return known !== undefined && this.#clock.now() - known.at < this.#freshMs;
  }

  /** An earlier request takes the place of a planned one. */
  #plan(ms: number): void {
    const at = this.#clock.now() + ms;
    if (this.#plannedAt !== undefined && this.#plannedAt <= at) return;
    this.#plannedAt = at;
    this.#clock.later(() => {
      if (this.#plannedAt === at) void this.#request();
    }, ms);
  }

  async #request(): Promise<void> {
    this.#plannedAt = undefined;
    const wanted = new Set([...this.#cells.values()].filter((key) => !this.#isFresh(key)));
    const keys = [...wanted].slice(0, this.#maxKeys);
    if (this.#isAsking) return;
    if (keys.length === 0) return this.#planRefresh();
    this.#isAsking = true;
    const answer = await this.#lookUp(keys);
    this.#isAsking = false;
    if (answer.ok) this.#learn(keys, answer.value);
    else this.#failed(answer.error);
    this.#version++;
    for (const listener of this.#listeners) listener();
    const isMore = [...this.#cells.values()].some((key) => !this.#isFresh(key));
    if (answer.ok && isMore) this.#plan(GATHER_MS);
  }

  #learn(keys: readonly string[], values: Readonly<Record<string, Value | null>>): void {
    this.#isUnavailable = false;
    this.#retryAt = 0;
    if (this.#known.size + keys.length > MAX_KNOWN) this.#known.clear();
    const at = this.#clock.now();
    for (const key of keys) this.#known.set(key, { value: values[key] ?? null, at });
    this.#planRefresh();
  }

  #planRefresh(): void {
    if (this.#cells.size > 0 && Number.isFinite(this.#freshMs)) this.#plan(this.#freshMs);
  }

  #failed({ code, retry_after_ms }: Rejection): void {
    this.#isUnavailable = code === 'unavailable' && retry_after_ms === undefined;
    const ms = retry_after_ms ?? RETRY_MS;
    this.#retryAt = this.#clock.now() + ms;
    this.#plan(ms);
  }
}
