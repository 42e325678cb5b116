/** The live sums of the filters that clients ask about: one for each filter, whoever asks. */
import { EVERYTHING, type Filter, filterKey, parseFilter, type Summary, simplified } from '@packetlog/common';
import type { DrainLedger } from '../../ipc/messages.ts';
import { FilterSums } from '../../live/filter-sums.ts';
import type { RowStreams } from '../streams/row-streams.ts';

/** The filter whose sums a client asks for. Filters with the same key select the same packets. */
export interface SummedFilter {
  readonly text: string;
  readonly key: string;
  readonly filter: Filter;
}

export interface LiveClient {
  readonly isAdmin: boolean;
  readonly peer: string;
  /** Undefined: it asks for none. */
  readonly summed: SummedFilter | undefined;
}

/** Reads a text that parses. */
export function summedFilter(text: string): SummedFilter {
  const filter = simplified(text.trim() === '' ? EVERYTHING : parseFilter(text));
  return { text, key: filterKey(filter), filter };
}

export class LiveSums {
  readonly #streams: RowStreams;
  readonly #wallMs: () => number;
  readonly #byKey = new Map<string, FilterSums>();
  /** Records that had not reached this process at the last second; undefined before the first. */
  #missed: Missed | undefined;

  /** `wallMs` returns the time of day. */
  constructor(streams: RowStreams, wallMs: () => number) {
    this.#streams = streams;
    this.#wallMs = wallMs;
  }

  /** Returns the sums that this client uses. */
  of(client: object): FilterSums | undefined {
    return [...this.#byKey.values()].find(({ followers }) => followers.has(client));
  }

  /**
   * Returns the sums of a filter, which the client uses from now on. They begin now, unless another client uses them
   * already. Call it when all rows pass.
   */
  join(client: object, { key, filter }: SummedFilter): FilterSums {
    const known = this.#byKey.get(key);
    if (known?.followers.has(client)) return known;
    this.leave(client);
    const sums = known ?? new FilterSums(this.#streams.context.layout, this.#wallMs());
    if (known === undefined) {
      this.#byKey.set(key, sums);
      this.#streams.openSums(sums, filter);
    }
    sums.followers.add(client);
    return sums;
  }

  /** Sums that no client uses any longer are forgotten. */
  leave(client: object): void {
    for (const [key, sums] of this.#byKey) {
      if (!sums.followers.delete(client) || sums.followers.size > 0) continue;
      this.#streams.closeSums(sums);
      this.#byKey.delete(key);
    }
  }

  /** Ends the interval of all sums with the rows that have passed so far, once those are checked. */
  second(ledger: MissedIn, { at_ms, interval_ms }: Summary): void {
    const missed = missedIn(ledger);
    const before = this.#missed ?? missed;
    this.#missed = missed;
    const gaps = {
      lost: Math.max(0, missed.lost - before.lost),
      not_recorded: Math.max(0, missed.not_recorded - before.not_recorded),
    };
    for (const sums of this.#byKey.values()) {
      this.#streams.afterChecks(sums, () => sums.close(at_ms, interval_ms, gaps));
    }
  }
}

type MissedIn = Pick<DrainLedger, 'interfaces' | 'unwatched' | 'queue' | 'ring'>;
interface Missed {
  readonly lost: number;
  readonly not_recorded: number;
}

/** Returns the sums since the start of what no filter can see. */
function missedIn({ interfaces, unwatched, queue, ring }: MissedIn): Missed {
  const counters = [...interfaces, ...(unwatched ? [unwatched] : [])].map((each) => each.counters);
  return {
    lost: counters.reduce((sum, { ring_full }) => sum + ring_full, queue.dropped + ring.dropped),
    not_recorded: counters.reduce((sum, { filtered_out }) => sum + filtered_out, 0),
  };
}
