/** A short message. */
export interface Toast {
  readonly number: number;
  readonly text: string;
  readonly tone: 'done' | 'problem';
  /** Set for a change of the rules that led to this revision: undo or redo is offered until another change is made. */
  readonly offer?: { readonly what: 'undo' | 'redo'; readonly revision: number };
}

const MAX_TOASTS = 2;

/** Short messages, newest last. The component that draws them removes each after its time. */
class ToastStore {
  #toasts: readonly Toast[] = [];
  #count = 0;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly get = (): readonly Toast[] => this.#toasts;

  show(toast: Omit<Toast, 'number'>): void {
    this.#replace([...this.#toasts, { ...toast, number: this.#count++ }].slice(-MAX_TOASTS));
  }

  dismiss(number: number): void {
    this.#replace(this.#toasts.filter((toast) => toast.number !== number));
  }

  #replace(toasts: readonly Toast[]): void {
    this.#toasts = toasts;
    for (const listener of this.#listeners) listener();
  }
}

export const toasts = new ToastStore();
