/** Whether the loader was seen to have another page than this one, as after an upgrade. */
class PageAge {
  #isOld = false;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly isOld = (): boolean => this.#isOld;

  /** For good: only another page is younger. */
  readonly sayOld = (): void => {
    this.#isOld = true;
    for (const listener of this.#listeners) listener();
  };
}

export const pageAge = new PageAge();
