/** Remembers when each source was first seen. */

/** Maximum number of sources; the least recently seen is evicted first. */
const MAX_SOURCES = 65_536;

export class FirstSeen {
  /** Time of the first packet by address, in ms; least recently seen first. */
  readonly #firstSeen = new Map<string, number>();

  see(addr: string, atMs: number): void {
    const first = this.#firstSeen.get(addr) ?? atMs;
    this.#firstSeen.delete(addr);
    this.#firstSeen.set(addr, first);
    if (this.#firstSeen.size <= MAX_SOURCES) return;
    for (const oldest of this.#firstSeen.keys()) {
      this.#firstSeen.delete(oldest);
      break;
    }
  }

  of(addr: string): number | undefined {
    return this.#firstSeen.get(addr);
  }
}
