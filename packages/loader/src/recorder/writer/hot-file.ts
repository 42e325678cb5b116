/** The hot file: appends raw records, one write for each slab. */
import { closeSync, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { PACKET_LOG_SIZE } from '@packetlog/common';

/** Others than the service's user may not read packets. */
const MODE = 0o600;

export class HotFile {
  readonly path: string;
  readonly #fd: number;
  #bytes = 0;
  #isDirty = false;
  #isSyncing = false;

  /** Creates the file, or continues it after `bytes` bytes. Throws the error of the file system. */
  constructor(path: string, bytes = 0) {
    this.path = path;
    this.#fd = openSync(path, bytes > 0 ? 'r+' : 'w', MODE);
    this.#bytes = bytes;
    if (bytes > 0) ftruncateSync(this.#fd, bytes);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get records(): number {
    return this.#bytes / PACKET_LOG_SIZE;
  }

  /** Appends whole records, or none: throws the error of the file system. */
  append(bytes: Uint8Array): void {
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(this.#fd, bytes, done, bytes.length - done, this.#bytes + done);
    } catch (error) {
      this.#cut();
      throw error;
    }
    this.#bytes += bytes.length;
    this.#isDirty = true;
  }

  /** Whether the file was deleted: what is appended now would be lost. */
  isGone(): boolean {
    return fstatSync(this.#fd).nlink === 0;
  }

  /** Starts to write what is not on the disk yet, unless that is still going on. `failed`: the disk rejected it. */
  sync(failed: (error: Error) => void): void {
    if (!this.#isDirty || this.#isSyncing) return;
    this.#isDirty = false;
    this.#isSyncing = true;
    fdatasync(this.#fd, (error) => {
      this.#isSyncing = false;
      // EBADF: it was closed meanwhile.
      if (error !== null && error.code !== 'EBADF') failed(error);
    });
  }

  /** Closes it; `whole`: when everything is on the disk. Throws the error of the file system. */
  close({ whole }: { whole: boolean }): void {
    try {
      if (whole && this.#isDirty) fdatasyncSync(this.#fd);
    } finally {
      closeSync(this.#fd);
    }
  }

  #cut(): void {
    try {
      ftruncateSync(this.#fd, this.#bytes);
    } catch {
      // Readers ignore a record that is not whole, and the next loader cuts it.
    }
  }
}
