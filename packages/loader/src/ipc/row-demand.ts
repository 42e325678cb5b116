/** Combines the row limits of several parts of the loader: the drain thread gets the highest. */

type Part = 'clients' | 'dryRuns';

export class RowDemand {
  readonly #want: ((perSecond: number) => void) | undefined;
  readonly #wanted: Record<Part, number> = { clients: 0, dryRuns: 0 };
  /** Callbacks for the pending requests, oldest first. */
  readonly #pending: (() => void)[] = [];

  /**
   * `want` sends a request to the drain thread, which answers each call once, in order. Undefined: every row passes
   * anyway.
   */
  constructor(want: ((perSecond: number) => void) | undefined) {
    this.#want = want;
  }

  /** `passing` is called when the new limit is in effect. */
  set(part: Part, perSecond: number, passing: () => void): void {
    this.#wanted[part] = perSecond;
    if (this.#want === undefined) {
      passing();
      return;
    }
    this.#pending.push(passing);
    this.#want(Math.max(...Object.values(this.#wanted)));
  }

  /** Call when the drain thread answered a request. */
  answered(): void {
    this.#pending.shift()?.();
  }
}
