/**
 * Lets paused clients send again, one after the other: what many of them sent at the same moment would keep this thread
 * from everything else.
 */

/** Shortest time between two clients, ms. */
const BETWEEN_MS = 5;

export interface PausedClient {
  /** Time until it may send, ms. */
  debtMs(): number;
  /** What it may still cost: the client with the most goes first, so that one client's debt delays no other. */
  left(): number;
  resume(): void;
}

export class ReadTurns {
  readonly #now: () => number;
  readonly #paused = new Set<PausedClient>();
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;

  /** `now` returns milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  wait(client: PausedClient): void {
    this.#paused.add(client);
    this.#plan(client.debtMs());
  }

  #plan(ms: number): void {
    const waitMs = Math.max(BETWEEN_MS, ms);
    if (this.#now() + waitMs >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = this.#now() + waitMs;
    this.#timer = setTimeout(() => this.#next(), waitMs).unref();
  }

  #next(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
    let first: PausedClient | undefined;
    let waitMs = Number.POSITIVE_INFINITY;
    for (const client of this.#paused) {
      const debtMs = client.debtMs();
      waitMs = Math.min(waitMs, debtMs);
      if (debtMs === 0 && (first === undefined || client.left() > first.left())) first = client;
    }
    if (first !== undefined) {
      this.#paused.delete(first);
      first.resume();
    }
    if (this.#paused.size > 0) this.#plan(waitMs);
  }
}
