/** Maps ifindexes to interface names, including those that older records may still have. */

export class InterfaceNames {
  readonly #names = new Map<number, string>();

  /**
   * Updates the table; returns whether it changed. An interface that is gone (ifindex 0) keeps its last ifindex until
   * another interface gets it.
   */
  learn(interfaces: Iterable<{ readonly ifindex: number; readonly name: string }>): boolean {
    let isNew = false;
    for (const { ifindex, name } of interfaces) {
      if (ifindex === 0 || this.#names.get(ifindex) === name) continue;
      this.#names.set(ifindex, name);
      isNew = true;
    }
    return isNew;
  }

  nameOf(ifindex: number): string {
    return this.#names.get(ifindex) ?? String(ifindex);
  }

  indexesOf(name: string): readonly number[] {
    return [...this.#names].filter(([, known]) => known === name).map(([ifindex]) => ifindex);
  }
}
