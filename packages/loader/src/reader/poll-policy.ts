/**
 * When to look at the rings and when to sleep. Pure: it is told what was found and says what to do.
 *
 * - Asleep, the first record wakes the thread.
 * - While records come it looks once a millisecond: a reader that lags is a fast one, and the
 *   last record is held back so that the kernel never finds an empty ring and never signals.
 * - Hurried, because somebody takes rows as they come, it looks twice as often, but not where many come, and sleeps
 *   sooner: to be woken is faster than a long nap.
 * - After some empty looks, ever further apart, everything is given back, the rings are looked
 *   at once more (a record may have come in between: it did not signal), then it sleeps.
 * - While very many come it is hot: it promises not to sleep, which spares the program a barrier for each record. To take
 *   that back takes a wait, so it lasts until few came in all of a quarter of a second.
 */

/** Milliseconds to wait after a look that found something, */
const NAP_MS = 1;
/** after each empty look in a row, */
const EMPTY_WAITS_MS: readonly number[] = [1, 1, 1, 1, 2, 4, 8];
/** and after each further one while it is hot. */
const HOT_WAIT_MS = 8;
const LOW_LATENCY_EMPTY_WAITS_MS: readonly number[] = [0.5, 0.5, 0.5, 0.5, 1, 1];
const LOW_LATENCY_HOT_WAIT_MS = 1;
const LOW_LATENCY_NAP_MS = 0.5;
/** A look that found more is followed by a nap as ever: there a reader that lags is worth more. */
const LOW_LATENCY_RECORDS = 128;
/** Time is that of the naps: where it does not nap, more comes than it can take. */
const WINDOW_MS = 250;
/** As many within a window make it hot, */
const HOT_RECORDS = 65_536;
/** fewer in all of one no longer. */
const COOL_RECORDS = 8_192;

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

export class PollPolicy {
  readonly #canPoll: boolean;
  #hot = false;
  /** In this window. */
  #records = 0;
  #nappedMs = 0;
  #empty = 0;

  /** `canPoll`: of the transport. */
  constructor({ canPoll }: { canPoll: boolean }) {
    this.#canPoll = canPoll;
  }

  /** `records`: found by the last look; `more`: the look ended at its budget; `lowLatency`: a client takes rows as they come. */
  next(records: number, more: boolean, lowLatency = false): Next {
    const found = records > 0 || more;
    if (found) this.#empty = 0;
    this.#records += records;
    this.#hot ||= this.#canPoll && this.#records >= HOT_RECORDS;
    if (this.#nappedMs >= WINDOW_MS) {
      const few = this.#records < COOL_RECORDS;
      this.#beginWindow();
      if (this.#hot && few) {
        this.#hot = false;
        return { do: 'cool', giving: 'hold' };
      }
    }
    if (more) return { do: 'again', giving: this.#awake() };
    if (found) return this.#nap(lowLatency && records <= LOW_LATENCY_RECORDS ? LOW_LATENCY_NAP_MS : NAP_MS);
    const ms = (lowLatency ? LOW_LATENCY_EMPTY_WAITS_MS : EMPTY_WAITS_MS)[this.#empty];
    if (ms !== undefined) this.#empty++;
    else if (!this.#hot) {
      this.#beginWindow();
      return { do: 'sleep', giving: 'exact' };
    }
    return this.#nap(ms ?? (lowLatency ? LOW_LATENCY_HOT_WAIT_MS : HOT_WAIT_MS));
  }

  #beginWindow(): void {
    this.#records = 0;
    this.#nappedMs = 0;
  }

  #nap(ms: number): Next {
    this.#nappedMs += ms;
    return { do: 'nap', ms, giving: this.#awake() };
  }

  #awake(): 'hold' | 'hot' {
    return this.#hot ? 'hot' : 'hold';
  }
}
