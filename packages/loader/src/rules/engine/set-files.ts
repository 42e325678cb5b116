/** Files that sets are read from: noticing that one has changed. */
import { statSync } from 'node:fs';
import type { RuleBook } from '../book/rule-book.ts';

export class SetFiles {
  readonly #pathOf: (file: string) => string;
  /** By set: the file as it was when the set was read, and as it was at the last look. */
  readonly #read = new Map<string, string>();
  readonly #seen = new Map<string, string>();

  /** `pathOf`: where a file named by a set is. */
  constructor(pathOf: (file: string) => string) {
    this.#pathOf = pathOf;
  }

  /**
   * Names of the sets whose file differs from what was read, and has been the same since the last call: one that is
   * still being written is left for later. Call it about once a second.
   */
  changed(book: RuleBook): string[] {
    const names: string[] = [];
    for (const { name, origin, loadedAtMs } of book.sets.values()) {
      if (origin.kind !== 'file') continue;
      const path = this.#pathOf(origin.path);
      const now = stampOf(path);
      const key = `${name} ${origin.path}`;
      // What was written after it was read is a change, too.
      if (!this.#read.has(key)) this.#read.set(key, isNewer(path, loadedAtMs) ? 'older' : now);
      if (now !== this.#read.get(key) && now === this.#seen.get(key)) {
        this.#read.set(key, now);
        names.push(name);
      }
      this.#seen.set(key, now);
    }
    return names;
  }
}

function stampOf(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return 'not there';
  }
}

function isNewer(path: string, thanMs: number): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > thanMs;
}
