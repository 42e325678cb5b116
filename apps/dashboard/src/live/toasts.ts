import { undoList } from './undo.ts';

/** What was done a moment ago, and the way back. */
export interface Toast {
  readonly number: number;
  readonly text: string;
  readonly tone: 'done' | 'problem';
  readonly undo?: () => void;
}

const SHOWN = 2;

/** Newest last. Who listens decides how long they stay. */
export class Toasts {
  #toasts: readonly Toast[] = [];
  #count = 0;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly get = (): readonly Toast[] => this.#toasts;

  /** What can be taken back stays so when its message is gone. */
  show({ undo, ...toast }: Omit<Toast, 'number'>): void {
    const number = this.#count++;
    const undoable = undo === undefined ? {} : { undo: this.#undoOnce(undo, number) };
    this.#replace([...this.#toasts, { ...toast, ...undoable, number }].slice(-SHOWN));
  }

  #undoOnce(undo: () => void, number: number): () => void {
    const entry = {
      undo: () => {
        undoList.forget(entry);
        this.dismiss(number);
        undo();
      },
    };
    undoList.add(entry);
    return entry.undo;
  }

  dismiss(number: number): void {
    this.#replace(this.#toasts.filter((toast) => toast.number !== number));
  }

  #replace(toasts: readonly Toast[]): void {
    this.#toasts = toasts;
    for (const listener of this.#listeners) listener();
  }
}
