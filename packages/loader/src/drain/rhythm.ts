/**
 * When to look at the rings and when to sleep. Pure: it is told what was found and says what to do.
 *
 * - Asleep, the first record wakes the thread.
 * - While records come it looks once a millisecond: a reader that lags is a fast one, and the
 *   last record is held back so that the kernel never finds an empty ring and never signals.
 * - After some empty looks, ever further apart, everything is given back, the rings are looked
 *   at once more (a record may have come in between: it did not signal), then it sleeps.
 */

/** Milliseconds to wait after each empty look in a row. */
const EMPTY_WAITS_MS: readonly number[] = [1, 1, 1, 1, 2, 4, 8];

export type Next =
  /** More is waiting: look again at once. */
  | { do: 'again' }
  /** Publish all but the last record, look again after so many milliseconds. */
  | { do: 'nap'; ms: number }
  /** Publish exactly, look once more; if that finds nothing, sleep until the kernel signals. */
  | { do: 'sleep' };

export class Rhythm {
  #empty = 0;

  /** `records`: found by the last look; `more`: the look ended at its budget. */
  next(records: number, more: boolean): Next {
    if (more) {
      this.#empty = 0;
      return { do: 'again' };
    }
    if (records > 0) {
      this.#empty = 0;
      return { do: 'nap', ms: 1 };
    }
    const ms = EMPTY_WAITS_MS[this.#empty++];
    if (ms === undefined) {
      this.#empty = EMPTY_WAITS_MS.length;
      return { do: 'sleep' };
    }
    return { do: 'nap', ms };
  }
}
