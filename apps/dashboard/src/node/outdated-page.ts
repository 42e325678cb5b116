/** Whether the loader was seen to have another page than this one, as after an upgrade. */
class OutdatedPage {
  #isOutdated = false;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly isOutdated = (): boolean => this.#isOutdated;

  /** For good: only another page is younger. */
  readonly markOutdated = (): void => {
    this.#isOutdated = true;
    for (const listener of this.#listeners) listener();
  };
}

export const outdatedPage = new OutdatedPage();
