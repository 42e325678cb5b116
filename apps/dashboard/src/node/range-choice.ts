import type { AddressBar } from './address-bar.ts';
import type { TimeSpan } from './past/past.ts';

/** The range of the past that the page shows, kept in the address bar; null while it shows the time up to now. */
export class RangeChoice {
  readonly #address: AddressBar;
  #range: TimeSpan | null = null;
  readonly #listeners = new Set<() => void>();

  constructor(address: AddressBar) {
    this.#address = address;
  }

  readonly get = (): TimeSpan | null => this.#range;

  readonly onChange = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly show = (range: TimeSpan | null): void => {
    const whole = range && { fromMs: Math.floor(range.fromMs), toMs: Math.ceil(range.toMs) };
    if (!this.#take(whole)) return;
    this.#address.write({ range: whole });
    this.#tell();
  };

  /** Shows the range of the address bar. Leaves the address as it is, because it may carry tokens. */
  readAddress(): void {
    if (this.#take(this.#address.read().range)) this.#tell();
  }

  /** Returns whether the range changed. */
  #take(range: TimeSpan | null): boolean {
    if (range?.fromMs === this.#range?.fromMs && range?.toMs === this.#range?.toMs) return false;
    this.#range = range;
    return true;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
