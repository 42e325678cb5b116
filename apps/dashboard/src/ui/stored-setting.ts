import { useSyncExternalStore } from 'react';

/** A setting stored in this browser. Values are immutable. */
export class StoredSetting<T> {
  readonly #key: string;
  readonly #initial: T;
  readonly #read: (stored: unknown) => T | null;
  #value: T | null = null;
  readonly #listeners = new Set<() => void>();

  /** `read` parses what is stored, perhaps by another version; null if it is not usable. */
  constructor(key: string, initial: T, read: (stored: unknown) => T | null) {
    this.#key = key;
    this.#initial = initial;
    this.#read = read;
  }

  get value(): T {
    this.#value ??= this.#stored() ?? this.#initial;
    return this.#value;
  }

  set value(value: T) {
    this.#value = value;
    if (value === this.#initial) localStorage.removeItem(this.#key);
    else localStorage.setItem(this.#key, JSON.stringify(value));
    for (const listener of this.#listeners) listener();
  }

  reset(): void {
    this.value = this.#initial;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly get = (): T => this.value;

  readonly getInitial = (): T => this.#initial;

  #stored(): T | null {
    try {
      return this.#read(JSON.parse(localStorage.getItem(this.#key) ?? 'null'));
    } catch {
      return null;
    }
  }
}

export function useStored<T>(choice: StoredSetting<T>): T {
  return useSyncExternalStore(choice.subscribe, choice.get, choice.getInitial);
}
