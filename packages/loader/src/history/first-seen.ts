/** Remembers when each source was first seen. */

/** Maximum number of sources; the least recently seen is evicted first. */
const KNOWN = 65_536;

export class FirstSeen {
  /** Time of the first packet by address, in ms; least recently seen first. */
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
