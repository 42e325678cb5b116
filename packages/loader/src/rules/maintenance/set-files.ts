/** Watches the files of sets: detects which have changed and settled. */
import { statSync } from 'node:fs';
import type { NamedSet, Ruleset } from '../ruleset/ruleset.ts';

/**
 * How long a file that was written in place must stay unchanged before it is read. A file that replaced another one by
 * rename is read at the next poll.
 */
export const SETTLE_MS = 6000;
const NEXT_POLL_MS = 500;

interface Seen {
  stamp: string;
  ino: number;
  /** Monotonic times in ms: of the last change, and from when the file must stay unchanged. */
  sinceMs: number;
  stillFromMs: number;
  /** A complete file replaced it by rename. */
  isReplaced: boolean;
}

export class SetFiles {
  readonly #pathOf: (file: string) => string;
  /** By set and path: the file's stamp when it was last read or rejected, and its state at the last poll. */
  readonly #decided = new Map<string, string>();
  readonly #seen = new Map<string, Seen>();

  /** `pathOf` resolves the path of a set's file. */
  constructor(pathOf: (file: string) => string) {
    this.#pathOf = pathOf;
  }

  /**
   * Returns the names of the sets whose file has changed since `decide` and has settled, at each call until `decide` or
   * `postpone`. Call it about once a second. `nowMs`: monotonic time.
   */
  changed(ruleset: Ruleset, nowMs = performance.now()): string[] {
    const names: string[] = [];
    for (const set of ruleset.sets.values()) {
      if (set.origin.kind !== 'file') continue;
      const key = keyOf(set, set.origin.path);
      const now = statOf(this.#pathOf(set.origin.path));
      // Read it once: its times do not show whether it was written between its import and this poll.
      if (!this.#decided.has(key)) this.#decided.set(key, 'never read');
      const seen = this.#seen.get(key);
      if (seen?.stamp !== now.stamp) {
        const isReplaced = seen !== undefined && seen.ino !== 0 && seen.ino !== now.ino && now.ino !== 0;
        this.#seen.set(key, { ...now, sinceMs: nowMs, stillFromMs: nowMs, isReplaced });
      } else if (now.stamp !== this.#decided.get(key)) {
        if (nowMs - seen.stillFromMs >= (seen.isReplaced ? NEXT_POLL_MS : SETTLE_MS)) names.push(set.name);
      }
    }
    return names;
  }

  /** Returns for how many ms the set's file has been unchanged; 0 if it was never polled. `nowMs`: monotonic time. */
  stillMs(set: NamedSet, path: string, nowMs = performance.now()): number {
    const seen = this.#seen.get(keyOf(set, path));
    return seen === undefined ? 0 : nowMs - seen.sinceMs;
  }

  /** Records that the file with this stamp was read or rejected. */
  decide(set: NamedSet, path: string, stamp: string): void {
    this.#decided.set(keyOf(set, path), stamp);
  }

  /** Restarts the wait: the file is not complete yet. */
  postpone(set: NamedSet, path: string, nowMs = performance.now()): void {
    const seen = this.#seen.get(keyOf(set, path));
    if (seen) Object.assign(seen, { stillFromMs: nowMs, isReplaced: false });
    else this.#decided.set(keyOf(set, path), 'never read');
  }
}

/** Returns a stamp that changes whenever the file is written or replaced. */
export function stampOf(path: string): string {
  return statOf(path).stamp;
}

/** Returns whether the last write to the file is at least `SETTLE_MS` old. */
export function isSettled(path: string, wallMs = Date.now()): boolean {
  return wallMs - statOf(path).mtimeMs >= SETTLE_MS;
}

function statOf(path: string): { stamp: string; ino: number; mtimeMs: number } {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return { stamp: `${ino} ${size} ${mtimeMs}`, ino, mtimeMs };
  } catch {
    return { stamp: 'not there', ino: 0, mtimeMs: 0 };
  }
}

function keyOf({ name }: NamedSet, path: string): string {
  return `${name} ${path}`;
}
