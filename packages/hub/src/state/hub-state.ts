/**
 * The small state of a hub: nodes, keys, people, groups and rollouts. One hub keeps it in files, several share it in NATS
 * JetStream. Keys are paths such as `nodes/web1`; see `checkKey`.
 */

export interface Stored {
  readonly value: string;
  /** Increases with each change of any key. */
  readonly revision: number;
}

export interface HubState {
  /** Whether other hubs may use it, too. */
  readonly isShared: boolean;
  get(key: string): Promise<Stored | undefined>;
  /** Returns all keys that begin with `prefix`: '' or a path that ends with a slash. */
  list(prefix: string): Promise<ReadonlyMap<string, Stored>>;
  /**
   * Creates or replaces a value of at most MAX_VALUE_BYTES. `expected`: its newest revision, 0 if there is none. Returns
   * the new revision once it is stored; throws StateConflict if there is another revision.
   */
  put(key: string, value: string, expected: number): Promise<number>;
  /** As `put`: throws StateConflict if the newest revision is another one. */
  remove(key: string, expected: number): Promise<void>;
  /**
   * Calls back for each change that any hub makes from now on, in the order of revisions; with undefined for a removed
   * one. After an interruption only the newest change of each key may be called back. Returns what ends it.
   */
  watch(prefix: string, changed: StateChanged): Promise<() => void>;
  /** Stores up to MAX_BLOB_BYTES, and returns their SHA-256 in hex, which is their name. Repeating it has no effect. */
  putBlob(bytes: Uint8Array): Promise<string>;
  getBlob(digest: string): Promise<Uint8Array | undefined>;
  /** Does nothing if there is no such blob. */
  removeBlob(digest: string): Promise<void>;
  /** Ends all watches. Calling it again has no effect. */
  close(): Promise<void>;
}

export type StateChanged = (key: string, stored: Stored | undefined) => void;

/** NATS accepts messages up to 1 MiB by default. */
export const MAX_VALUE_BYTES = 512 * 1024;
export const MAX_BLOB_BYTES = 32 * 1024 * 1024;

/** Another change of this key came first: read it again, and decide again. */
export class StateConflict extends Error {
  readonly key: string;
  readonly expected: number;

  constructor(key: string, expected: number) {
    super(`change ${key}: its revision is not ${expected} any more. Read it again, then repeat the change.`);
    this.name = 'StateConflict';
    this.key = key;
    this.expected = expected;
  }
}

/** The state cannot be opened, read or written. The message ends with the next step. */
export class StateError extends Error {
  readonly step: string;
  readonly target: string;
  readonly problem: string;
  readonly next: string;

  constructor(step: string, target: string, problem: string, next: string, cause?: unknown) {
    super(`${step} ${target}: ${problem}. ${next}`, { cause });
    this.name = 'StateError';
    this.step = step;
    this.target = target;
    this.problem = problem;
    this.next = next;
  }
}
