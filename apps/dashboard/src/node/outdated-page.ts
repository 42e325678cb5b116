/** Whether the loader no longer has this page's files, as after an upgrade. */
class OutdatedPage {
  #isOutdated = false;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly isOutdated = (): boolean => this.#isOutdated;

  /** Not reversible: only a reload gets the new page. */
  readonly markOutdated = (): void => {
    this.#isOutdated = true;
    for (const listener of this.#listeners) listener();
  };
}

export const outdatedPage = new OutdatedPage();
