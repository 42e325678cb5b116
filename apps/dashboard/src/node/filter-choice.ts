import { NO_FILTER, readFilterText } from '../text/filter-text.ts';
import type { AddressBar } from './address-bar.ts';

const SAVED_KEY = 'packetlog-filters';

/** The applied filter, kept in the address bar, and the saved filters, stored in this browser. */
export class FilterChoice {
  readonly #address: AddressBar;
  #text = NO_FILTER;
  #saved: readonly string[] | null = null;
  readonly #listeners = new Set<() => void>();
  readonly #savedListeners = new Set<() => void>();

  constructor(address: AddressBar) {
    this.#address = address;
  }

  /** A text that parses, or ''. */
  get text(): string {
    return this.#text;
  }

  get saved(): readonly string[] {
    this.#saved ??= readSaved();
    return this.#saved;
  }

  readonly onChange = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly onSavedChange = (listener: () => void): (() => void) => {
    this.#savedListeners.add(listener);
    return () => this.#savedListeners.delete(listener);
  };

  /** Applies a filter. Ignores a text that does not parse. */
  apply(text: string): void {
    if (!this.#take(text)) return;
    this.#address.write({ filter: this.#text });
    this.#tell();
  }

  /** Applies the filter of the address bar. Leaves the address as it is, because it may carry tokens. */
  readAddress(): void {
    if (this.#take(this.#address.read().filter)) this.#tell();
  }

  /** Returns whether the filter changed. */
  #take(text: string): boolean {
    const next = text.trim();
    if (next === this.#text || readFilterText(next).trouble !== null) return false;
    this.#text = next;
    return true;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  save(text: string): void {
    this.#store(withSaved(this.saved, text.trim()));
  }

  forget(text: string): void {
    this.#store(this.saved.filter((each) => each !== text.trim()));
  }

  #store(saved: readonly string[]): void {
    this.#saved = saved;
    localStorage.setItem(SAVED_KEY, JSON.stringify(saved));
    for (const listener of this.#savedListeners) listener();
  }
}

const MAX_SAVED = 20;

/** Returns `saved` with `text` first, without duplicates, up to a limit. */
export function withSaved(saved: readonly string[], text: string): readonly string[] {
  return [text, ...saved.filter((each) => each !== text)].slice(0, MAX_SAVED);
}

/** Reads the saved filters. Anything but a list of strings counts as none. */
function readSaved(): readonly string[] {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(SAVED_KEY) ?? '[]');
    return Array.isArray(saved) ? saved.filter((each): each is string => typeof each === 'string') : [];
  } catch {
    return [];
  }
}
