/** The rules file that people edit: read and replaced by this process, or by a helper where only root may. */
import { existsSync, lstatSync, mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { HelperPipes } from '../../ipc/helpers/handover.ts';
import { HelperExchange } from '../../ipc/helpers/helper-exchange.ts';
import { asOwnerOf } from '../../system/service-user.ts';
import { type PreparedFile, prepareFile } from './atomic-file.ts';
import { isThere, MAX_RULES_BYTES, readRegularFile, UnfitFileError } from './regular-file.ts';
import { rejectedName, setAside } from './set-aside.ts';

export interface RulesFile {
  /** Returns a stamp that changes when the file is written or replaced; undefined if the file does not exist. */
  stamp(): string | undefined;
  /** Throws the file system's error if that cannot be determined. */
  exists(): boolean;
  /** Throws UnfitFileError or the file system's error. */
  read(): Promise<{ readonly text: string; readonly writtenAtMs: number }>;
  /** Writes the replacement. Throws the file system's error. */
  prepare(text: string): PreparedFile;
  /** Copies the file, and returns the path of the copy. Throws the file system's error. */
  setAside(nowMs: number): string;
}

export class OwnRulesFile implements RulesFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  exists(): boolean {
    return isThere(this.#path);
  }

  stamp(): string | undefined {
    return this.#asOwner(() => {
      if (!existsSync(this.#path)) return undefined;
      const { ino, size, mtimeMs } = statSync(this.#path);
      return `${ino} ${size} ${mtimeMs}`;
    });
  }

  async read(): ReturnType<RulesFile['read']> {
    const writtenAtMs = statSync(this.#path).mtimeMs;
    return { text: Buffer.from(await readRegularFile(this.#path, MAX_RULES_BYTES)).toString('utf8'), writtenAtMs };
  }

  prepare(text: string): PreparedFile {
    // Replaces the target of a link, so that the link stays.
    const prepared = this.#asOwner(() => {
      const isLink = lstatSync(this.#path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
      const target = isLink && existsSync(this.#path) ? realpathSync(this.#path) : this.#path;
      mkdirSync(dirname(target), { recursive: true });
      return prepareFile(target, text);
    });
    return {
      commit: () => this.#asOwner(() => prepared.commit()),
      abandon: () => this.#asOwner(() => prepared.abandon()),
    };
  }

  setAside(nowMs: number): string {
    return this.#asOwner(() => setAside(this.#path, nowMs));
  }

  /** The file may be in another directory than the state, with another owner. */
  #asOwner<T>(action: () => T): T {
    return asOwnerOf(dirname(this.#path), action);
  }
}

/** Requests are synchronous, as the file system's calls are; see RULES_SCRIPT for the answers. */
export class HelperRulesFile implements RulesFile {
  readonly #path: string;
  readonly #helper: HelperExchange;
  readonly #copies: string;

  /** `path`: for messages; `copies`: directory for copies of the file. */
  constructor(path: string, pipes: HelperPipes, copies: string) {
    this.#path = path;
    this.#helper = new HelperExchange(pipes);
    this.#copies = copies;
  }

  exists(): boolean {
    return this.stamp() !== undefined;
  }

  stamp(): string | undefined {
    const answer = this.#helper.ask('stamp');
    return answer === 'none' ? undefined : answer;
  }

  async read(): ReturnType<RulesFile['read']> {
    const { text, writtenAtMs } = this.#readNow();
    return { text: text.toString('utf8'), writtenAtMs };
  }

  prepare(text: string): PreparedFile {
    const bytes = Buffer.from(text);
    this.#do(`prepare ${bytes.length}`, bytes);
    return { commit: () => this.#do('commit'), abandon: () => this.#do('abandon') };
  }

  setAside(nowMs: number): string {
    const copy = join(this.#copies, rejectedName(basename(this.#path), nowMs));
    writeFileSync(copy, this.#readNow().text, { mode: 0o600 });
    return copy;
  }

  #readNow(): { text: Buffer; writtenAtMs: number } {
    const answer = this.#helper.ask('read');
    const [size = Number.NaN, seconds = Number.NaN] = answer.split(' ').map(Number);
    if (Number.isNaN(size)) throw new Error(`read ${this.#path}: ${answer}`);
    const text = this.#helper.receive(size);
    if (size > MAX_RULES_BYTES)
      throw new UnfitFileError(`has ${size} bytes, more than the limit of ${MAX_RULES_BYTES}`);
    return { text, writtenAtMs: seconds * 1000 };
  }

  #do(request: string, body?: Buffer): void {
    const answer = this.#helper.ask(request, body);
    if (answer !== 'done') throw new Error(`write ${this.#path}: ${answer}`);
  }
}
