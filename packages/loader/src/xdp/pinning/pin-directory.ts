/**
 * A directory of pins: one for each network namespace, so that loaders in several do not conflict. The process that
 * works in it holds a lock on it, which ends with the process.
 *
 * ```
 *  packetlog/net_4026531833/  about             how the maps were made, as the target of a symbolic link
 *                             map_NAME          (a bpf file system holds pins and links, no files)
 *                             slot_3            name of the interface whose counters are in slot 3, likewise
 *                             link_3_native     keeps the program on that interface
 * ```
 */
import { closeSync, fstatSync, readlinkSync, rmdirSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { SetupError } from '../../errors/setup-error.ts';
import { lockFile, pinnedObject, pinObject } from '../../native/bpf-objects.ts';
import { need } from '../../native/check.ts';
import { lockOwner, readLocks } from '../../system/lock-owner.ts';
import { type BpfFileSystem, OURS } from './bpf-file-system.ts';
import { entries, makeDirectory, makePrivate, openPrivate, removeIfEmpty } from './private-directory.ts';

const NETWORK = /^net_\d+$/;
const ATTEMPTS = 10;

export class PinDirectory {
  /** Path to show to the operator. */
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

  /** Returns the names for `open`, one for each network namespace with pins. */
  static list(fileSystem: BpfFileSystem): string[] {
    return entries(fileSystem.ours, `${fileSystem.path}/${OURS}`).filter((name) => NETWORK.test(name));
  }

  /** Returns the name for the network namespace of this thread. */
  static ownName(): string {
    return `net_${statSync('/proc/thread-self/ns/net', { bigint: true }).ino}`;
  }

  /**
   * Opens and locks the directory, which owns `fileSystem` from then on. Returns undefined if it does not exist. Throws
   * SetupError if a running process works in it.
   */
  static open(fileSystem: BpfFileSystem, name: string): PinDirectory | undefined {
    const shown = `${fileSystem.path}/${OURS}/${name}`;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const fd = openPrivate(fileSystem, name);
      if (fd === undefined) return undefined;
      const { ino } = fstatSync(fd, { bigint: true });
      if (!lockFile(fd)) {
        closeSync(fd);
        throw pinsInUse(shown, lockOwner(readLocks(), ino));
      }
      // Between opening and locking another packetlog may have removed the directory and created it again.
      const path = `${fileSystem.ours}/${name}`;
      if (statSync(path, { bigint: true, throwIfNoEntry: false })?.ino === ino)
        return new PinDirectory(fileSystem, name, fd);
      closeSync(fd);
    }
    return undefined;
  }

  /**
   * Opens the directory for reading: takes no lock, so that a loader that starts meanwhile is not rejected. Returns
   * undefined if it does not exist.
   */
  static openForReading(fileSystem: BpfFileSystem, name: string): PinDirectory | undefined {
    const fd = openPrivate(fileSystem, name);
    return fd === undefined ? undefined : new PinDirectory(fileSystem, name, fd);
  }

  /** Returns the pid of the process that works in the directory. */
  owner(): number | undefined {
    return lockOwner(readLocks(), fstatSync(this.#fd, { bigint: true }).ino);
  }

  static make(fileSystem: BpfFileSystem, name: string): PinDirectory {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      makeDirectory(fileSystem.ours, `${fileSystem.path}/${OURS}`);
      makePrivate(fileSystem, name);
      const created = PinDirectory.open(fileSystem, name);
      if (created) return created;
    }
    throw pinsInUse(`${fileSystem.path}/${OURS}/${name}`, undefined);
  }

  names(): string[] {
    return entries(this.#base, this.path);
  }

  pin(fd: number, name: string): void {
    need(pinObject(fd, `${this.#base}/${name}`), 'pin', `${this.path}/${name}`);
  }

  /** Returns a new descriptor, undefined if there is no such pin. */
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

  /** Removes an entry; does nothing if it does not exist. */
  remove(name: string): void {
    try {
      unlinkSync(`${this.#base}/${name}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  /**
   * Removes the entries, those that match `first` before the others, then the directory, and closes the file system.
   */
  removeAll(first: RegExp): void {
    const names = this.names();
    for (const name of [...names.filter((each) => first.test(each)), ...names]) this.remove(name);
    rmdirSync(`${this.#fileSystem.ours}/${this.#name}`);
    closeSync(this.#fd);
    removeIfEmpty(this.#fileSystem.ours);
    this.#fileSystem.release();
  }

  /** Releases the lock and leaves the pins. */
  close(): void {
    closeSync(this.#fd);
    this.#fileSystem.release();
  }
}

/** Returns the error for pins of a running loader. */
export function pinsInUse(path: string, pid: number | undefined): SetupError {
  return new SetupError({
    step: 'use',
    target: path,
    problem: `packetlog${pid === undefined ? '' : ` with pid ${pid}`} is running and enforces rules in this network namespace`,
    next: pid === undefined ? 'End it first.' : `End it first: kill ${pid}.`,
    exit: 'busy',
  });
}
