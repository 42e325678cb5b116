/** The acknowledged subscription. */
export interface SubscriptionState {
  /** Filter of the last acknowledged subscription, '' for none; null before the first on this connection. */
  readonly filter: string | null;
  /** Whether a change is not acknowledged yet. */
  readonly pending: boolean;
}

/** Tracks which of this connection's subscriptions the loader has acknowledged. */
export class Subscription {
  #filter: string | null = null;
  #pending = new Set<object>();

  get state(): SubscriptionState {
    return { filter: this.#filter, pending: this.#pending.size > 0 };
  }

  /**
   * Begins a request. Call the returned function with the answer: with a `filter` if the loader has acknowledged it.
   * Answers to requests of an earlier connection are ignored.
   */
  begin(): (filter?: string) => void {
    const request = {};
    this.#pending.add(request);
    return (filter) => {
      if (this.#pending.delete(request) && filter !== undefined) this.#filter = filter;
    };
  }

  /** Clears the state of a closed connection. */
  end(): void {
    this.#filter = null;
    this.#pending = new Set();
  }

  /** Sets the state, for a view that sums up several connections. */
  become({ filter, pending }: SubscriptionState): void {
    this.end();
    this.#filter = filter;
    if (pending) this.begin();
  }
}

/** Returns the subscription, but without a filter while the row limit is 0, because the page shows another node. */
export function subscribedTo(figures: {
  readonly subscription: SubscriptionState;
  readonly rowLimit: number | null;
}): SubscriptionState {
  const { subscription, rowLimit } = figures;
  return rowLimit === null || rowLimit === 0 ? { ...subscription, filter: null } : subscription;
}

/** Returns the state of several connections as one: it has a filter only if all have the same. */
export function sumOfSubscriptions(states: readonly SubscriptionState[]): SubscriptionState {
  const [first] = states;
  const agree = first !== undefined && states.every(({ filter }) => filter === first.filter);
  return { filter: agree ? first.filter : null, pending: states.some(({ pending }) => pending) };
}
