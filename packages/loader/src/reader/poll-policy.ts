/**
 * Decides when to poll the rings and when to sleep. Pure: its input is what a poll found, its output the next step.
 *
 * - Asleep, the first record wakes the thread.
 * - While records arrive, it polls once a millisecond: fewer, larger reads are cheaper. It holds back the last record,
 *   so that the kernel never finds an empty ring and never signals.
 * - With low latency, because a client takes rows as they arrive, it polls twice as often unless many records arrive,
 *   and sleeps sooner: a wake-up is faster than a long nap.
 * - After some empty polls, at growing intervals, it releases all records, polls the rings once more (a record that
 *   arrived in between did not signal), then sleeps.
 * - At high rates it sets the ring's polling flag and does not sleep, which saves the program a barrier for each record.
 *   Clearing the flag requires a wait, so polling ends only after a whole window of a quarter of a second with few
 *   records.
 */

/** Milliseconds to wait after a poll that found something. */
const NAP_MS = 1;
/** Milliseconds to wait after each empty poll in a row. */
const EMPTY_WAITS_MS: readonly number[] = [1, 1, 1, 1, 2, 4, 8];
/** Milliseconds to wait after each further empty poll while polling. */
const POLLING_WAIT_MS = 8;
const LOW_LATENCY_EMPTY_WAITS_MS: readonly number[] = [0.5, 0.5, 0.5, 0.5, 1, 1];
const LOW_LATENCY_POLLING_WAIT_MS = 1;
const LOW_LATENCY_NAP_MS = 0.5;
/** A poll that found more than this is followed by a normal nap: at that rate larger reads save more. */
const LOW_LATENCY_RECORDS = 128;
/** Length of a window in milliseconds napped: without naps, more records arrive than the thread can read. */
const WINDOW_MS = 250;
/** This many records within a window start polling. */
const START_RECORDS = 65_536;
/** Fewer than this in a whole window end it. */
const STOP_RECORDS = 8_192;

/** How to commit (`mode`), and what to do next. */
export type Next =
  /** More records are waiting: poll again at once. */
  | { mode: 'holdLast' | 'polling'; do: 'again' }
  /** Poll again after `ms` milliseconds. */
  | { mode: 'holdLast' | 'polling'; do: 'nap'; ms: number }
  /** Polling ends: wait until no program runs that may have read the flag, then poll again. */
  | { mode: 'holdLast'; do: 'stopPolling' }
  /** Poll once more; if that finds nothing, sleep until the kernel signals. */
  | { mode: 'wakeOnNext'; do: 'sleep' };

export class PollPolicy {
  readonly #canPoll: boolean;
  #polling = false;
  /** Records and nap time in the current window. */
  #records = 0;
  #nappedMs = 0;
  #empty = 0;

  /** `canPoll`: whether the transport has a polling flag. */
  constructor({ canPoll }: { canPoll: boolean }) {
    this.#canPoll = canPoll;
  }

  /**
   * `records`: found by the last poll; `more`: the poll ended at its budget; `lowLatency`: a client takes rows as they
   * arrive.
   */
  next(records: number, more: boolean, lowLatency = false): Next {
    const found = records > 0 || more;
    if (found) this.#empty = 0;
    this.#records += records;
    this.#polling ||= this.#canPoll && this.#records >= START_RECORDS;
    if (this.#nappedMs >= WINDOW_MS) {
      const few = this.#records < STOP_RECORDS;
      this.#beginWindow();
      if (this.#polling && few) {
        this.#polling = false;
        return { do: 'stopPolling', mode: 'holdLast' };
      }
    }
    if (more) return { do: 'again', mode: this.#awake() };
    if (found) return this.#nap(lowLatency && records <= LOW_LATENCY_RECORDS ? LOW_LATENCY_NAP_MS : NAP_MS);
    const ms = (lowLatency ? LOW_LATENCY_EMPTY_WAITS_MS : EMPTY_WAITS_MS)[this.#empty];
    if (ms !== undefined) this.#empty++;
    else if (!this.#polling) {
      this.#beginWindow();
      return { do: 'sleep', mode: 'wakeOnNext' };
    }
    return this.#nap(ms ?? (lowLatency ? LOW_LATENCY_POLLING_WAIT_MS : POLLING_WAIT_MS));
  }

  #beginWindow(): void {
    this.#records = 0;
    this.#nappedMs = 0;
  }

  #nap(ms: number): Next {
    this.#nappedMs += ms;
    return { do: 'nap', ms, mode: this.#awake() };
  }

  #awake(): 'holdLast' | 'polling' {
    return this.#polling ? 'polling' : 'holdLast';
  }
}
