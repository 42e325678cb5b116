/** The pause before a restart: doubles with each, and begins again once a server has served for a minute. */
const FIRST_MS = 100;
const MAX_MS = 10_000;
const LIVED_MS = 60_000;

export class RestartPause {
  #ms = FIRST_MS;
  /** By performance.now(). */
  #servesSince = Number.POSITIVE_INFINITY;

  /** Call it when a server begins to serve. */
  serves(): void {
    this.#servesSince = performance.now();
  }

  /** Call it when that server has ended. */
  ended(): void {
    if (performance.now() - this.#servesSince >= LIVED_MS) this.#ms = FIRST_MS;
    this.#servesSince = Number.POSITIVE_INFINITY;
  }

  async wait(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.#ms).unref());
    this.#ms = Math.min(MAX_MS, this.#ms * 2);
  }
}
