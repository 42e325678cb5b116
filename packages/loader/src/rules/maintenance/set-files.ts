/** Files that sets are read from: noticing that one has changed, and that it is still. */
import { statSync } from 'node:fs';
import type { NamedSet, Ruleset } from '../ruleset/ruleset.ts';

/** How long a file that was written in place must not change before it is taken. A file that replaced it is taken at the next look. */
export const SETTLE_MS = 6000;
const NEXT_LOOK_MS = 500;

interface Seen {
  stamp: string;
  ino: number;
  /** By the monotonic clock: since when it has been like this, and since when it is to be still. */
  sinceMs: number;
  stillFromMs: number;
  /** Another file took the place: it was whole when it did. */
  isReplaced: boolean;
}

export class SetFiles {
  readonly #pathOf: (file: string) => string;
  /** By set and path: the file about which was decided last, and as it was at the last look. */
  readonly #decided = new Map<string, string>();
  readonly #seen = new Map<string, Seen>();

  /** `pathOf`: where a file named by a set is. */
  constructor(pathOf: (file: string) => string) {
    this.#pathOf = pathOf;
  }

  /**
   * Names of the sets whose file differs from what was decided about, and is still. Each is named again until
   * `decide` or `postpone`. Call it about once a second; `nowMs`: of the monotonic clock.
   */
  changed(ruleset: Ruleset, nowMs = performance.now()): string[] {
    const names: string[] = [];
    for (const set of ruleset.sets.values()) {
      if (set.origin.kind !== 'file') continue;
      const key = keyOf(set, set.origin.path);
      const now = look(this.#pathOf(set.origin.path));
      // It may have been written between the reading by whoever imported it and now: its times cannot tell.
      if (!this.#decided.has(key)) this.#decided.set(key, 'never read');
      const seen = this.#seen.get(key);
      if (seen?.stamp !== now.stamp) {
        const isReplaced = seen !== undefined && seen.ino !== 0 && seen.ino !== now.ino && now.ino !== 0;
        this.#seen.set(key, { ...now, sinceMs: nowMs, stillFromMs: nowMs, isReplaced });
      } else if (now.stamp !== this.#decided.get(key)) {
        if (nowMs - seen.stillFromMs >= (seen.isReplaced ? NEXT_LOOK_MS : SETTLE_MS)) names.push(set.name);
      }
    }
    return names;
  }

  /** For how long the set's file has been as it is, by the monotonic clock; 0 if it was never looked at. */
  stillMs(set: NamedSet, path: string, nowMs = performance.now()): number {
    const seen = this.#seen.get(keyOf(set, path));
    return seen === undefined ? 0 : nowMs - seen.sinceMs;
  }

  /** It was taken or rejected as it was at `stamp`. */
  decide(set: NamedSet, path: string, stamp: string): void {
    this.#decided.set(keyOf(set, path), stamp);
  }

  /** It is not whole yet: wait as long again. */
  postpone(set: NamedSet, path: string, nowMs = performance.now()): void {
    const seen = this.#seen.get(keyOf(set, path));
    if (seen) Object.assign(seen, { stillFromMs: nowMs, isReplaced: false });
    else this.#decided.set(keyOf(set, path), 'never read');
  }
}

/** Changes whenever the file is written or replaced. */
export function stampOf(path: string): string {
  return look(path).stamp;
}

/** Whether the last write to the file is at least `SETTLE_MS` old. */
export function isSettled(path: string, wallMs = Date.now()): boolean {
  return wallMs - look(path).mtimeMs >= SETTLE_MS;
}

function look(path: string): { stamp: string; ino: number; mtimeMs: number } {
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
