/** Reports when loss begins and when it ends. Pure. */
import type { Notice } from '@packetlog/common';

/** Time without loss after which the loss counts as ended. */
const QUIET_MS = 900;

export class LossAlarm {
  readonly #where: string;
  readonly #advice: string;
  #total: number;
  #before: number;
  #losing = false;
  #grewAt = 0;

  /**
   * `where` completes "Records were lost "; `advice` is a sentence; `total`: records lost before, which are not
   * reported again.
   */
  constructor(where: string, advice: string, total = 0) {
    this.#where = where;
    this.#advice = advice;
    this.#total = total;
    this.#before = total;
  }

  /** Whether loss began and its end is not reported yet. */
  get losing(): boolean {
    return this.#losing;
  }

  /**
   * Call periodically with the count of lost records since the start. `atMs`: wall clock, `nowMs`: a monotonic clock.
   */
  update(total: number, atMs: number, nowMs: number): Notice | undefined {
    const grew = total > this.#total;
    const count = total - this.#before;
    this.#total = total;
    if (grew) this.#grewAt = nowMs;
    if (grew && !this.#losing) {
      this.#losing = true;
      const message = `Records are being lost ${this.#where}: ${count} so far. ${this.#advice}`;
      return { at_ms: atMs, level: 'warning', code: 'loss_began', message, count };
    }
    if (this.#losing && nowMs - this.#grewAt >= QUIET_MS) {
      this.#losing = false;
      this.#before = total;
      const message = `No more records are lost ${this.#where}; ${count} were lost. The counters stayed exact.`;
      return { at_ms: atMs, level: 'info', code: 'loss_ended', message, count };
    }
    return undefined;
  }
}
