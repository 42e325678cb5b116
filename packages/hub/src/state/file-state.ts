/**
 * The state of one hub, in files: `DIR/keys/NAME.state` for each key (`DIR/keys/nodes/web1.state`), and
 * `DIR/blobs/SHA256`. The first line of a key's file is its revision, the rest its value. All values are in memory.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeDirectory, removeDurably, TEMPORARY, writeDurably } from './durable-file.ts';
import { type HubState, type StateChanged, StateConflict, StateError, type Stored } from './hub-state.ts';
import { checkKey, checkPrefix, checkValue, digestOf, isDigest } from './state-keys.ts';
import { Watchers } from './watchers.ts';

const SUFFIX = '.state';

export interface FileStateOptions {
  /** Created if it is missing, with mode 0700. */
  readonly directory: string;
  /** flock(2) with LOCK_EX and LOCK_NB: returns whether the lock is held now. It ends with the file descriptor. */
  readonly lockFile: (fileDescriptor: number) => boolean;
}

/** Locks the directory and reads the state. Throws StateError. */
export async function openFileState({ directory, lockFile }: FileStateOptions): Promise<HubState> {
  const lock = await lockDirectory(directory, lockFile);
  try {
    await removeTemporary(join(directory, 'blobs'));
    return new FileState(directory, lock, await readKeys(join(directory, 'keys')));
  } catch (error) {
    closeSync(lock);
    throw error instanceof StateError ? error : unreadable(directory, error);
  }
}

class FileState implements HubState {
  readonly isShared = false;
  readonly #directory: string;
  readonly #lock: number;
  readonly #values: Map<string, Stored>;
  readonly #watchers = new Watchers();
  #revision: number;
  #lastChange: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(directory: string, lock: number, values: Map<string, Stored>) {
    this.#directory = directory;
    this.#lock = lock;
    this.#values = values;
    this.#revision = [...values.values()].reduce((newest, { revision }) => Math.max(newest, revision), 0);
  }

  async get(key: string): Promise<Stored | undefined> {
    checkKey(key);
    return this.#values.get(key);
  }

  async list(prefix: string): Promise<ReadonlyMap<string, Stored>> {
    checkPrefix(prefix);
    return new Map([...this.#values].filter(([key]) => key.startsWith(prefix)));
  }

  put(key: string, value: string, expected: number): Promise<number> {
    return this.#change(async () => {
      checkValue(key, value);
      this.#expect(key, expected);
      const stored = { value, revision: ++this.#revision };
      const path = this.#path(key);
      await makeDirectory(dirname(path));
      await writeDurably(path, `${stored.revision}\n${value}`);
      this.#values.set(key, stored);
      this.#watchers.notify(key, stored);
      return stored.revision;
    });
  }

  remove(key: string, expected: number): Promise<void> {
    return this.#change(async () => {
      this.#expect(key, expected);
      if (!this.#values.has(key)) return;
      await removeDurably(this.#path(key));
      this.#values.delete(key);
      this.#revision += 1;
      this.#watchers.notify(key, undefined);
    });
  }

  async watch(prefix: string, changed: StateChanged): Promise<() => void> {
    checkPrefix(prefix);
    return this.#watchers.add(prefix, changed);
  }

  async putBlob(bytes: Uint8Array): Promise<string> {
    const digest = digestOf(bytes);
    await this.#change(async () => {
      const path = join(this.#directory, 'blobs', digest);
      await makeDirectory(dirname(path));
      await writeDurably(path, bytes);
    });
    return digest;
  }

  async getBlob(digest: string): Promise<Uint8Array | undefined> {
    if (!isDigest(digest)) return undefined;
    const path = join(this.#directory, 'blobs', digest);
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw unreadable(path, error);
    });
    if (bytes !== undefined && digestOf(bytes) !== digest) throw damaged(path);
    return bytes;
  }

  async removeBlob(digest: string): Promise<void> {
    if (isDigest(digest)) await this.#change(() => rm(join(this.#directory, 'blobs', digest), { force: true }));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watchers.clear();
    await this.#lastChange;
    closeSync(this.#lock);
  }

  #path(key: string): string {
    return join(this.#directory, 'keys', `${key}${SUFFIX}`);
  }

  /** Throws TypeError or StateConflict. */
  #expect(key: string, expected: number): void {
    checkKey(key);
    if ((this.#values.get(key)?.revision ?? 0) !== expected) throw new StateConflict(key, expected);
  }

  /** Makes one change at a time, in the order of the calls. */
  #change<T>(make: () => Promise<T>): Promise<T> {
    if (this.#isClosed) {
      const next = 'The hub is ending.';
      return Promise.reject(new StateError('change', this.#directory, 'the state is closed', next));
    }
    const made = this.#lastChange.then(make).catch((error: unknown) => {
      throw isFileSystemError(error) ? unwritable(this.#directory, error) : error;
    });
    this.#lastChange = made.catch(() => {});
    return made;
  }
}

async function lockDirectory(directory: string, lockFile: (fileDescriptor: number) => boolean): Promise<number> {
  let lock: number;
  try {
    await makeDirectory(directory);
    lock = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    throw unwritable(directory, error);
  }
  if (lockFile(lock)) return lock;
  closeSync(lock);
  throw new StateError(
    'lock',
    directory,
    'another process uses this state',
    'Stop that hub, or start this one with another --state. Several hubs share their state only with --state nats://….',
  );
}

async function readKeys(directory: string): Promise<Map<string, Stored>> {
  await removeTemporary(directory);
  const values = new Map<string, Stored>();
  for (const file of await filesBelow(directory)) {
    if (!file.endsWith(SUFFIX)) continue;
    const key = file.slice(0, -SUFFIX.length);
    const path = join(directory, file);
    const [, revision, value] = /^([1-9]\d{0,15})\n(.*)$/s.exec(await readFile(path, 'utf8')) ?? [];
    if (revision === undefined || value === undefined) throw damaged(path);
    values.set(key, { value, revision: Number(revision) });
  }
  return values;
}

/** Removes what was being written when a hub was killed. */
async function removeTemporary(directory: string): Promise<void> {
  for (const file of await filesBelow(directory)) {
    if (file.slice(file.lastIndexOf('/') + 1).startsWith(TEMPORARY)) await rm(join(directory, file), { force: true });
  }
}

/** Returns paths relative to `directory`; none if it does not exist. */
async function filesBelow(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function isFileSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function unwritable(target: string, cause: unknown): StateError {
  return new StateError(
    'write',
    target,
    describe(cause),
    'Check the free space and the owner of the directory.',
    cause,
  );
}

function unreadable(target: string, cause: unknown): StateError {
  return new StateError('read', target, describe(cause), 'Check the owner and the mode of the directory.', cause);
}

function damaged(path: string): StateError {
  return new StateError('read', path, 'the file is damaged', 'Restore the state from a backup.');
}

const describe = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
