/** Watches the files of sets: detects that one has changed and has settled. */
import { statSync } from 'node:fs';
import type { NamedSet, Ruleset } from '../ruleset/ruleset.ts';

/**
 * How long a file that was written in place must not change before it is taken. A file that replaced it is taken at the
 * next poll.
 */
export const SETTLE_MS = 6000;
const NEXT_POLL_MS = 500;

interface Seen {
  stamp: string;
  ino: number;
  /** Monotonic time in ms: since when the file is like this, and from when it must stay unchanged. */
  sinceMs: number;
  stillFromMs: number;
  /** Another file replaced it, and was complete when it did. */
  isReplaced: boolean;
}

export class SetFiles {
  readonly #pathOf: (file: string) => string;
  /** By set and path: stamp of the file when it was last decided, and its state at the last poll. */
  readonly #decided = new Map<string, string>();
  readonly #seen = new Map<string, Seen>();

  /** `pathOf` resolves the path of a file that a set names. */
  constructor(pathOf: (file: string) => string) {
    this.#pathOf = pathOf;
  }

  /**
   * Returns the names of the sets whose file differs from the decided one and has settled. Names each again until
   * `decide` or `postpone`. Call it about once a second. `nowMs`: monotonic time.
   */
  changed(ruleset: Ruleset, nowMs = performance.now()): string[] {
    const names: string[] = [];
    for (const set of ruleset.sets.values()) {
      if (set.origin.kind !== 'file') continue;
      const key = keyOf(set, set.origin.path);
      const now = statOf(this.#pathOf(set.origin.path));
      // It may have been written between its import and this poll: its times cannot tell.
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

  /** Returns for how many ms, in monotonic time, the set's file has been unchanged; 0 if it was never polled. */
  stillMs(set: NamedSet, path: string, nowMs = performance.now()): number {
    const seen = this.#seen.get(keyOf(set, path));
    return seen === undefined ? 0 : nowMs - seen.sinceMs;
  }

  /** Records that the file was taken or rejected as of `stamp`. */
  decide(set: NamedSet, path: string, stamp: string): void {
    this.#decided.set(keyOf(set, path), stamp);
  }

  /** Waits as long again: the file is not complete yet. */
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
