/** Overlays of the page: opened by a key, a button or a command, rendered in one place. */
export type OverlayName = 'palette' | 'help' | 'export' | 'path' | 'undo' | 'redo' | 'time' | 'bookmark';

class Overlay {
  #open: OverlayName | null = null;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly get = (): OverlayName | null => this.#open;

  readonly show = (name: OverlayName): void => this.#set(name);

  readonly close = (): void => this.#set(null);

  #set(name: OverlayName | null): void {
    this.#open = name;
    for (const listener of this.#listeners) listener();
  }
}

export const overlay = new Overlay();
