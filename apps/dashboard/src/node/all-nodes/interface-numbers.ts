/** Numbers interfaces among all nodes: `ifindex` is unique on one node only. Numbers begin at 1 and are never reused. */
export class InterfaceNumbers {
  /** By node, then by ifindex. */
  readonly #numbers: readonly Map<number, number>[];
  #last = 0;

  constructor(nodes: number) {
    this.#numbers = Array.from({ length: nodes }, () => new Map());
  }

  /** Returns the function that maps an ifindex of this node. */
  of(node: number): (ifindex: number) => number {
    const numbers = this.#numbers[node];
    return (ifindex) => {
      const existing = numbers?.get(ifindex);
      if (existing !== undefined) return existing;
      const number = ++this.#last;
      numbers?.set(ifindex, number);
      return number;
    };
  }
}
