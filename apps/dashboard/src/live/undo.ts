/** What can be taken back, newest last. */
export interface Undoable {
  /** Takes it back, and says so. */
  readonly undo: () => void;
}

const REMEMBERED = 20;

export class UndoList {
  #done: readonly Undoable[] = [];

  add(done: Undoable): void {
    this.#done = [...this.#done, done].slice(-REMEMBERED);
  }

  /** It was taken back in another way, or cannot be any more. */
  forget(done: Undoable): void {
    this.#done = this.#done.filter((each) => each !== done);
  }

  /** Takes back the newest; false if there is nothing. */
  undoLast(): boolean {
    const last = this.#done.at(-1);
    if (last === undefined) return false;
    this.forget(last);
    last.undo();
    return true;
  }
}

export const undoList = new UndoList();
