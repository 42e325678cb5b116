import {
  type Bookmark,
  type FirstSeen,
  PACKET_LOG_SIZE,
  PacketLogView,
  type PastBookmarkRequest,
  type PastCancelRequest,
  type PastDryRunReport,
  type PastDryRunRequest,
  type PastFacts,
  type PastLearned,
  type PastLearnRequest,
  type PastRates,
  type PastRatesRequest,
  type PastRows,
  type PastRowsRequest,
  type PastTop,
  type PastTopRequest,
  type PastVerb,
} from '@packetlog/common';

/** A page of recorded packets, oldest first. */
export interface PastPage {
  readonly packets: PacketLogView;
  /** Names that interfaces had in the time of these packets. */
  readonly interfaces: PastRows['interfaces'];
  /** `before` for the page with the packets before these; absent: there are none. */
  readonly next?: string;
}

/** Sends a question, and resolves with the value of its answer. Rejects with PacketLogError. */
export type AskPast = (verb: PastVerb, request: object) => Promise<unknown>;

/**
 * Questions about recorded packets. All reject with the code `unavailable` where nothing is recorded. Of each method, one
 * question at a time: a newer one replaces an older one, which is rejected as `unavailable`.
 */
export class PastPackets {
  readonly #ask: AskPast;

  constructor(ask: AskPast) {
    this.#ask = ask;
  }

  /** Returns what is recorded on the disk, and how long it is kept. */
  facts(): Promise<PastFacts> {
    return this.#ask('facts', {}) as Promise<PastFacts>;
  }

  /** Returns packets, bytes, verdicts and protocols of a range, in at most `max_steps` equal steps. */
  rates(request: PastRatesRequest): Promise<PastRates> {
    return this.#ask('rates', request) as Promise<PastRates>;
  }

  /** Returns the sources, ports, pairs, rules and interfaces with the most packets in a range. */
  top(request: PastTopRequest): Promise<PastTop> {
    return this.#ask('top', request) as Promise<PastTop>;
  }

  /** Returns the newest packets of a range, up to `limit`. */
  async rows(request: PastRowsRequest): Promise<PastPage> {
    const { records, interfaces, next } = (await this.#ask('rows', request)) as PastRows;
    const bytes = Buffer.from(records, 'base64');
    const shape = { count: bytes.length / PACKET_LOG_SIZE, stride: PACKET_LOG_SIZE, recordOffset: 0 };
    return { packets: new PacketLogView(bytes, shape), interfaces, ...(next !== undefined && { next }) };
  }

  /**
   * Keeps a range from being deleted for age or room; needs `adminToken`. Rejects with the code `invalid` if all bookmarks
   * together would take more than half of the loader's room.
   */
  bookmark(request: PastBookmarkRequest): Promise<Bookmark> {
    return this.#ask('bookmark', request) as Promise<Bookmark>;
  }

  /** Removes a bookmark; needs `adminToken`. */
  async unbookmark(id: number): Promise<void> {
    await this.#ask('unbookmark', { id });
  }

  /** Returns what rules would have denied of the packets of a range. */
  dryRun(request: PastDryRunRequest): Promise<PastDryRunReport> {
    return this.#ask('dry_run', request) as Promise<PastDryRunReport>;
  }

  /** Returns the kinds of traffic that only some sources sent in a range, and rules that deny them. Changes nothing. */
  learn(request: PastLearnRequest): Promise<PastLearned> {
    return this.#ask('learn', request) as Promise<PastLearned>;
  }

  /** Cancels this client's question of a kind, which then rejects; resolves with whether there was one. */
  async cancel(question: PastCancelRequest['question']): Promise<boolean> {
    return ((await this.#ask('cancel', { question })) as { cancelled: boolean }).cancelled;
  }

  /** Returns, by address, when it was first recorded as a source (ms since 1970); absent: never. */
  firstSeen(addresses: readonly string[]): Promise<FirstSeen> {
    return this.#ask('first_seen', { addresses }) as Promise<FirstSeen>;
  }
}
