/** Since when a source is known. */

/** So many sources at most; those not seen for longest are forgotten first. */
const KNOWN = 65_536;

export class FirstSeen {
  /** In the order of their last sight. */
  readonly #known = new Map<string, number>();

  see(addr: string, atMs: number): void {
    const first = this.#known.get(addr) ?? atMs;
    this.#known.delete(addr);
    this.#known.set(addr, first);
    if (this.#known.size <= KNOWN) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }

  of(addr: string): number | undefined {
    return this.#known.get(addr);
  }
}
