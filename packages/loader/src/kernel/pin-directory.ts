/**
 * A directory of pins: one for each network namespace, so that loaders in several do not meet. Who works in it holds
 * a lock on it, which ends with the process.
 *
 * ```
 *  packetlog/net_4026531833/  about             how the maps were made, as the target of a symbolic link
 *                             map_NAME          (a bpf file system holds pins and links, no files)
 *                             slot_3            name of the interface whose counters are in slot 3, likewise
 *                             link_3_native     keeps the program on that interface
 * ```
 */
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { lockFile, pinnedObject, pinObject } from '../native/pinning.ts';
import { privilegeAdvice } from '../privilege.ts';
import { SetupError } from '../setup-error.ts';
import { octal } from '../trusted-path.ts';
import type { BpfFileSystem } from './bpf-file-system.ts';
import { lockOwner, readLocks } from './lock-owner.ts';
import { need } from './outcome.ts';

const OURS = 'packetlog';
const NETWORK = /^net_\d+$/;
const ATTEMPTS = 10;
const OWNER_ONLY = 0o700;
/** What open(2) says with O_DIRECTORY and O_NOFOLLOW. */
const NO_DIRECTORY: ReadonlySet<string | undefined> = new Set(['ELOOP', 'ENOTDIR']);

export class PinDirectory {
  /** For words. */
  readonly path: string;
  readonly #fileSystem: BpfFileSystem;
  readonly #name: string;
  readonly #fd: number;
  readonly #base: string;

  private constructor(fileSystem: BpfFileSystem, name: string, fd: number) {
    this.path = `${fileSystem.path}/${OURS}/${name}`;
    this.#fileSystem = fileSystem;
    this.#name = name;
    this.#fd = fd;
    this.#base = `/proc/self/fd/${fd}`;
  }

  /** Names for `open`, one for each network namespace with pins. */
  static list(fileSystem: BpfFileSystem): string[] {
    return entries(`${fileSystem.base}/${OURS}`, `${fileSystem.path}/${OURS}`).filter((name) => NETWORK.test(name));
  }

  /** That of the network namespace this thread is in. */
  static ownName(): string {
    return `net_${statSync('/proc/thread-self/ns/net', { bigint: true }).ino}`;
  }

  /** The file system is its own from now on. Undefined if it is not there. Throws SetupError if a living process works in it. */
  static open(fileSystem: BpfFileSystem, name: string): PinDirectory | undefined {
    const shown = `${fileSystem.path}/${OURS}/${name}`;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const fd = openPrivate(fileSystem, name);
      if (fd === undefined) return undefined;
      const { ino } = fstatSync(fd, { bigint: true });
      if (!lockFile(fd)) {
        closeSync(fd);
        throw occupied(shown, lockOwner(readLocks(), ino));
      }
      // Between opening and locking another packetlog may have removed it and made it again.
      const path = `${fileSystem.base}/${OURS}/${name}`;
      if (statSync(path, { bigint: true, throwIfNoEntry: false })?.ino === ino)
        return new PinDirectory(fileSystem, name, fd);
      closeSync(fd);
    }
    return undefined;
  }

  /** Only to read: takes no lock, so that a loader that starts meanwhile is not turned away. Undefined if it is not there. */
  static look(fileSystem: BpfFileSystem, name: string): PinDirectory | undefined {
    const fd = openPrivate(fileSystem, name);
    return fd === undefined ? undefined : new PinDirectory(fileSystem, name, fd);
  }

  /** The process that works in it. */
  owner(): number | undefined {
    return lockOwner(readLocks(), fstatSync(this.#fd, { bigint: true }).ino);
  }

  static make(fileSystem: BpfFileSystem, name: string): PinDirectory {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      makeDirectory(`${fileSystem.base}/${OURS}`, `${fileSystem.path}/${OURS}`);
      makePrivate(fileSystem, name);
      const made = PinDirectory.open(fileSystem, name);
      if (made) return made;
    }
    throw occupied(`${fileSystem.path}/${OURS}/${name}`, undefined);
  }

  names(): string[] {
    return entries(this.#base, this.path);
  }

  pin(fd: number, name: string): void {
    need(pinObject(fd, `${this.#base}/${name}`), 'pin', `${this.path}/${name}`);
  }

  /** A new descriptor, undefined if there is no such pin. */
  get(name: string): number | undefined {
    const { value, errno } = pinnedObject(`${this.#base}/${name}`);
    return errno ? undefined : value;
  }

  write(name: string, text: string): void {
    this.remove(name);
    symlinkSync(text, `${this.#base}/${name}`);
  }

  read(name: string): string | undefined {
    try {
      return readlinkSync(`${this.#base}/${name}`);
    } catch {
      return undefined;
    }
  }

  /** Does nothing if it is not there. */
  remove(name: string): void {
    try {
      unlinkSync(`${this.#base}/${name}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  /** Removes what is in it, those first whose names match, then itself, and lets go of the file system. */
  removeAll(first: RegExp): void {
    const names = this.names();
    for (const name of [...names.filter((each) => first.test(each)), ...names]) this.remove(name);
    rmdirSync(`${this.#fileSystem.base}/${OURS}/${this.#name}`);
    closeSync(this.#fd);
    removeIfEmpty(`${this.#fileSystem.base}/${OURS}`);
    this.#fileSystem.release();
  }

  /** Gives the lock back and leaves the pins. */
  close(): void {
    closeSync(this.#fd);
    this.#fileSystem.release();
  }
}

/** Empty if there is no such directory. `shown`: its path as the operator knows it. */
function entries(path: string, shown: string): string[] {
  try {
    return readdirSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'EACCES') throw denied('read directory', shown, cause);
    throw new SetupError({ step: 'read directory', target: shown, exit: 'failed', cause });
  }
}

function denied(step: string, target: string, cause: unknown): SetupError {
  return new SetupError({
    step,
    target,
    problem: 'permission denied',
    next: privilegeAdvice(),
    exit: 'privilege',
    cause,
  });
}

/** Not with `recursive`, which never returns where mkdir(2) fails as in sysfs (Node 20). Also returns for `passed`. */
function makeDirectory(path: string, shown: string, passed?: string): void {
  try {
    mkdirSync(path, OWNER_ONLY);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' || (code !== undefined && code === passed)) return;
    throw new SetupError({
      step: 'make directory',
      target: shown,
      next: 'Name another bpf file system with --bpf-fs DIR.',
      exit: 'privilege',
      cause,
    });
  }
}

/** Not through the path: a link of another user in place of the first directory would have it made elsewhere. */
function makePrivate(fileSystem: BpfFileSystem, name: string): void {
  const shown = `${fileSystem.path}/${OURS}`;
  const parent = openOwn(`${fileSystem.base}/${OURS}`, shown);
  // Another packetlog may remove the first when it removes its own pins: then the next attempt makes both.
  if (parent === undefined) return;
  try {
    makeDirectory(`/proc/self/fd/${parent}/${name}`, `${shown}/${name}`, 'ENOENT');
  } finally {
    closeSync(parent);
  }
}

/** Step by step, without following links: in a bpf file system of mode 1777 any user may have made them. */
function openPrivate(fileSystem: BpfFileSystem, name: string): number | undefined {
  const parent = openOwn(`${fileSystem.base}/${OURS}`, `${fileSystem.path}/${OURS}`);
  if (parent === undefined) return undefined;
  try {
    return openOwn(`/proc/self/fd/${parent}/${name}`, `${fileSystem.path}/${OURS}/${name}`);
  } finally {
    closeSync(parent);
  }
}

/** A directory that only its owner, who we are, can use. Undefined if there is none. */
function openOwn(path: string, shown: string): number | undefined {
  const fail = (problem: string | undefined, cause?: unknown) =>
    new SetupError({
      step: 'use',
      target: shown,
      ...(problem === undefined ? {} : { problem }),
      next: `Find out who made it (ls -ld ${shown}), remove it (rm -r ${shown}), and make its file system root’s alone: chmod 0700.`,
      exit: 'failed',
      cause,
    });
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'EACCES') throw denied('use', shown, cause);
    throw fail(NO_DIRECTORY.has(code) ? 'it is a symbolic link or no directory' : undefined, cause);
  }
  const { uid, mode } = fstatSync(fd);
  const isOurs = uid === process.geteuid?.();
  if (isOurs && (mode & 0o077) === 0) return fd;
  closeSync(fd);
  throw fail(isOurs ? `others may use it (mode ${octal(mode)})` : `it belongs to another user (uid ${uid})`);
}

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Others have pins in it.
  }
}

function occupied(path: string, pid: number | undefined): SetupError {
  return new SetupError({
    step: 'use',
    target: path,
    problem: `packetlog${pid === undefined ? '' : ` with pid ${pid}`} is running and enforces rules in this network namespace`,
    next: pid === undefined ? 'End it first.' : `End it first: kill ${pid}.`,
    exit: 'busy',
  });
}
