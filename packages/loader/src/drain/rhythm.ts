/**
 * When to look at the rings and when to sleep. Pure: it is told what was found and says what to do.
 *
 * - Asleep, the first record wakes the thread.
 * - While records come it looks once a millisecond: a reader that lags is a fast one, and the
 *   last record is held back so that the kernel never finds an empty ring and never signals.
 * - After some empty looks, ever further apart, everything is given back, the rings are looked
 *   at once more (a record may have come in between: it did not signal), then it sleeps.
 * - When many have come without a pause it is hot: it promises not to sleep, which spares the program a barrier for each
 *   record. To take that back takes a wait, so nothing but a quarter of a second of silence ends it.
 */

/** Milliseconds to wait after each empty look in a row. */
const EMPTY_WAITS_MS: readonly number[] = [1, 1, 1, 1, 2, 4, 8];
/** The same while it is hot. */
const HOT_WAITS_MS: readonly number[] = [...EMPTY_WAITS_MS, ...Array<number>(30).fill(8)];
/** So many records since the last look that found none make it hot. */
const HOT_RECORDS = 65_536;

/** What to publish, and then: */
export type Next =
  /** More is waiting: look again at once. */
  | { giving: 'hold' | 'hot'; do: 'again' }
  /** Look again after so many milliseconds. */
  | { giving: 'hold' | 'hot'; do: 'nap'; ms: number }
  /** No longer hot: wait until no program runs that may have seen it so, then look again. */
  | { giving: 'hold'; do: 'cool' }
  /** Look once more; if that finds nothing, sleep until the kernel signals. */
  | { giving: 'exact'; do: 'sleep' };

export class Rhythm {
  readonly #mayBeHot: boolean;
  #hot = false;
  #inARow = 0;
  #empty = 0;

  /** `mayBeHot`: of the transport. */
  constructor({ mayBeHot }: { mayBeHot: boolean }) {
    this.#mayBeHot = mayBeHot;
  }

  /** `records`: found by the last look; `more`: the look ended at its budget. */
  next(records: number, more: boolean): Next {
    if (records > 0 || more) {
      this.#empty = 0;
      this.#inARow += records;
      this.#hot ||= this.#mayBeHot && this.#inARow >= HOT_RECORDS;
      return more ? { do: 'again', giving: this.#awake() } : { do: 'nap', ms: 1, giving: this.#awake() };
    }
    this.#inARow = 0;
    const ms = (this.#hot ? HOT_WAITS_MS : EMPTY_WAITS_MS)[this.#empty];
    if (ms !== undefined) {
      this.#empty++;
      return { do: 'nap', ms, giving: this.#awake() };
    }
    this.#empty = EMPTY_WAITS_MS.length;
    if (!this.#hot) return { do: 'sleep', giving: 'exact' };
    this.#hot = false;
    return { do: 'cool', giving: 'hold' };
  }

  #awake(): 'hold' | 'hot' {
    return this.#hot ? 'hot' : 'hold';
  }
}
