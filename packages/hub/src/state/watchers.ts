import type { StateChanged, Stored } from './hub-state.ts';

/** Calls of `watch` that have not ended. */
export class Watchers {
  readonly #all = new Set<{ readonly prefix: string; readonly changed: StateChanged }>();

  add(prefix: string, changed: StateChanged): () => void {
    const watcher = { prefix, changed };
    this.#all.add(watcher);
    return () => void this.#all.delete(watcher);
  }

  /** What a callback throws becomes an uncaught exception: it must not look like a failed write. */
  notify(key: string, stored: Stored | undefined): void {
    for (const { prefix, changed } of this.#all) {
      if (!key.startsWith(prefix)) continue;
      try {
        changed(key, stored);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#all.clear();
  }
}
