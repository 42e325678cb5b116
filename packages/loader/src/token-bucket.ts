/** A token bucket for rows: limits the rows per second, with bursts of up to a fifth of a second's rows. */
export class RowBudget {
  #perSecond: number;
  #tokens: number;
  #refilledAtMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = this.#burst();
    this.#refilledAtMs = nowMs;
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  change(perSecond: number): void {
    this.#perSecond = perSecond;
    this.#tokens = Math.min(this.#tokens, this.#burst());
  }

  /** Takes tokens for `rows`; returns the number of rows that may be sent now. */
  take(rows: number, nowMs: number): number {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return rows;
    const refill = ((nowMs - this.#refilledAtMs) / 1000) * this.#perSecond;
    this.#refilledAtMs = nowMs;
    this.#tokens = Math.min(this.#burst(), this.#tokens + refill);
    const taken = Math.min(rows, Math.floor(this.#tokens));
    this.#tokens -= taken;
    return taken;
  }

  #burst(): number {
    return this.#perSecond === 0 ? 0 : Math.max(1, this.#perSecond / 5);
  }
}
