import type { LiveRates, LiveRequest, LiveTop } from '@packetlog/common';

/** Sends a question, and resolves with the value of its answer. Rejects with PacketLogError. */
export type AskLive = (question: 'rates' | 'top' | 'end', request: object) => Promise<unknown>;

/**
 * Sums of the packets that match a filter, which need no recorder. They begin with the first question about the filter,
 * and are kept while a client asks about it: this client about one filter at a time, until it asks about another one, ends
 * it, or disconnects. Rejects with the code `unavailable` while clients use as many other filters as a loader sums up.
 */
export class LiveSums {
  readonly #ask: AskLive;

  constructor(ask: AskLive) {
    this.#ask = ask;
  }

  /** Returns packets, bytes, verdicts and protocols of a range, in steps of 1, 5 or 60 s, and the sums since the start. */
  rates(request: LiveRequest): Promise<LiveRates> {
    return this.#ask('rates', request) as Promise<LiveRates>;
  }

  /** Returns the sources, ports, pairs and rules with the most packets in a range. */
  top(request: LiveRequest): Promise<LiveTop> {
    return this.#ask('top', request) as Promise<LiveTop>;
  }

  /** Ends this client's use of its filter's sums; resolves with whether it had any. */
  async end(): Promise<boolean> {
    return ((await this.#ask('end', {})) as { ended: boolean }).ended;
  }
}
