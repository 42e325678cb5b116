import {
  type BanResults,
  type BansRequest,
  type Bans as BansState,
  type BansVerb,
  bansSchema,
  type Decision,
  decisionSchema,
} from '@packetlog/common';
import type { Socket } from 'socket.io-client';

/** Sends a request about bans, and resolves with the value of its answer. Rejects with PacketLogError. */
export type AskBans = <Verb extends BansVerb>(verb: Verb, request: BansRequest<Verb>) => Promise<BanResults[Verb]>;

/** What the loader sends about bans: their state, and each new decision. */
export class BansFeed {
  readonly #changed = new Set<(bans: BansState) => void>();
  readonly #decided = new Set<(decision: Decision) => void>();
  current: BansState | undefined;

  constructor(socket: Pick<Socket, 'on'>) {
    socket.on('bans', (message: unknown) => {
      const bans = bansSchema.safeParse(message);
      if (!bans.success) return;
      this.current = bans.data;
      for (const listener of this.#changed) listener(bans.data);
    });
    socket.on('decision', (message: unknown) => {
      const decision = decisionSchema.safeParse(message);
      if (decision.success) for (const listener of this.#decided) listener(decision.data);
    });
  }

  onChange(listener: (bans: BansState) => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  onDecision(listener: (decision: Decision) => void): () => void {
    this.#decided.add(listener);
    return () => this.#decided.delete(listener);
  }
}

/** Bans by limits, and the decisions about them (docs/defence.md). */
export class Bans {
  readonly #feed: BansFeed;
  readonly #ask: AskBans;

  constructor(feed: BansFeed, ask: AskBans) {
    this.#feed = feed;
    this.#ask = ask;
  }

  /** The number of bans in force and the newest of them. Undefined until the loader has sent them. */
  get current(): BansState | undefined {
    return this.#feed.current;
  }

  /** Calls `listener` when bans have changed, at most once a second. Returns a function that ends this. */
  onChange(listener: (bans: BansState) => void): () => void {
    return this.#feed.onChange(listener);
  }

  /**
   * Calls `listener` with each new decision: a source was banned, would be, or was not banned. At most 10 a second are sent.
   * Returns a function that ends this.
   */
  onDecision(listener: (decision: Decision) => void): () => void {
    return this.#feed.onDecision(listener);
  }

  /** Returns the bans in force, newest first, at most 1000: all, or those that concern a source. */
  list(request: BansRequest<'list'> = {}): Promise<BanResults['list']> {
    return this.#ask('list', request);
  }

  /** Returns decisions of the last 90 days, newest first: one by its id, those about a source, or all. */
  async decisions(request: BansRequest<'decisions'> = {}): Promise<readonly Decision[]> {
    return (await this.#ask('decisions', request)).decisions;
  }

  /**
   * Ends bans: by `id` of the decision, `source`, `limit_rule`, or those of the `last_ms`. With `never`, also adds permit
   * rules for all packets of these sources.
   * @throws PacketLogError with the code `not_found` if none is in force
   */
  undo(request: BansRequest<'undo'>): Promise<BanResults['undo']> {
    return this.#ask('undo', request);
  }
}
