/** Which number of an interface has which name, as far as records may still speak of it. */

export class InterfaceNames {
  readonly #names = new Map<number, string>();

  /** Says whether anything is new. An interface that is gone (number 0) keeps its last number until another has it. */
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
