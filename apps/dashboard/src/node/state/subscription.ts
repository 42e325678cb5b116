/** The rows that the loader has agreed to send. */
export interface SubscriptionState {
  /** The filter of the newest subscription that the loader acknowledged, '' without one; null: none on this connection. */
  readonly filter: string | null;
  /** Whether a change is on its way that the loader has not acknowledged. */
  readonly pending: boolean;
}

/** Keeps track of what the loader has acknowledged of what this connection asked for: which rows, and whether any. */
export class Subscription {
  #filter: string | null = null;
  #pending = new Set<object>();

  get state(): SubscriptionState {
    return { filter: this.#filter, pending: this.#pending.size > 0 };
  }

  /**
   * Call it with each request. Call what it returns with the loader's answer: `filter` if the rows are those of another
   * filter from now on. Answers to requests of an earlier connection change nothing.
   */
  begin(): (filter?: string) => void {
    const request = {};
    this.#pending.add(request);
    return (filter) => {
      if (this.#pending.delete(request) && filter !== undefined) this.#filter = filter;
    };
  }

  /** The connection is gone, and with it all that was agreed and asked. */
  end(): void {
    this.#filter = null;
    this.#pending = new Set();
  }

  /** For a view of several connections, which knows the sum of their states. */
  become({ filter, pending }: SubscriptionState): void {
    this.end();
    this.#filter = filter;
    if (pending) this.begin();
  }
}

/** As `subscription`, but without a filter while the loader sends no rows at all: to a page that shows another node. */
export function subscribedTo(figures: {
  readonly subscription: SubscriptionState;
  readonly rowLimit: number | null;
}): SubscriptionState {
  const { subscription, rowLimit } = figures;
  return rowLimit === null || rowLimit === 0 ? { ...subscription, filter: null } : subscription;
}

/** The state of several connections as one: agreed only where all agree. */
export function sumOfSubscriptions(states: readonly SubscriptionState[]): SubscriptionState {
  const [first] = states;
  const agree = first !== undefined && states.every(({ filter }) => filter === first.filter);
  return { filter: agree ? first.filter : null, pending: states.some(({ pending }) => pending) };
}
