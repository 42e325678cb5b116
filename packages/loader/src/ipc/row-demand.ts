/** Several parts of the loader want rows; the drain thread is asked for the most that one of them wants. */

type Part = 'clients' | 'dryRuns';

export class RowDemand {
  readonly #want: ((perSecond: number) => void) | undefined;
  readonly #wanted: Record<Part, number> = { clients: 0, dryRuns: 0 };
  /** What to do when each is answered, oldest first. */
  readonly #waiting: (() => void)[] = [];

  /** `want`: asks the drain thread, which answers each call once, in order. Undefined: every row passes anyway. */
  constructor(want: ((perSecond: number) => void) | undefined) {
    this.#want = want;
  }

  /** `passing` is called when what passes is what was wanted now. */
  set(part: Part, perSecond: number, passing: () => void): void {
    this.#wanted[part] = perSecond;
    if (this.#want === undefined) {
      passing();
      return;
    }
    this.#waiting.push(passing);
    this.#want(Math.max(...Object.values(this.#wanted)));
  }

  /** The drain thread answered. */
  answered(): void {
    this.#waiting.shift()?.();
  }
}
