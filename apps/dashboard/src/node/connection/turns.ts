/**
 * Sends one request of a kind at a time, in order: the loader cancels a question when a newer one of the same kind
 * arrives. A request that is no longer wanted gives way: the loader then cancels it for the next.
 */
export class Turns {
  readonly #ends = new Map<string, Promise<unknown>>();

  /** Resolves with what `send` resolves with; null if `unwanted` was aborted before. */
  take<T>(kind: string, send: () => Promise<T>, unwanted?: AbortSignal): Promise<T | null> {
    const before = this.#ends.get(kind) ?? Promise.resolve();
    const turn = before.then(() =>
      unwanted === undefined ? send() : unwanted.aborted ? null : Promise.race([send(), aborted(unwanted)]),
    );
    this.#ends.set(
      kind,
      turn.catch(() => {}),
    );
    return turn;
  }
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }));
}
