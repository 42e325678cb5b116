/**
 * The rules on the disk: the file that people edit, a copy of the last good one, and the lists of sets.
 * What cannot be read never counts as no rules: the last good copy takes its place, and an alarm says so.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { FileSet } from '@packetlog/common';
import { EMPTY_BOOK, type NamedSet, type RuleBook, type SetOrigin } from '../book/rule-book.ts';
import { writeAtomically } from './atomic-file.ts';
import { type RulesDocument, RulesFileError, readDocument, writeDocument } from './rules-document.ts';
import { sharedBytes } from './shared-bytes.ts';
import type { StatePaths } from './state-directory.ts';

/** A set as it was found, not yet read. */
export interface StoredSet {
  readonly name: string;
  readonly origin: SetOrigin;
  readonly text: Uint8Array;
  readonly loadedAtMs: number;
}

export interface StoredRules {
  /** Everything but the sets. */
  readonly book: RuleBook;
  readonly sets: readonly StoredSet[];
  readonly from: 'file' | 'last good copy' | 'nothing';
  /** The file was edited by hand since the loader wrote it. */
  readonly isEdited: boolean;
  /** What went wrong, each a sentence with the next action. */
  readonly alarms: readonly string[];
}

export class RuleStore {
  readonly #paths: StatePaths;
  #schema: string | undefined;
  /** The rules file as it was read or written last; undefined: not there. */
  #stamp: string | undefined;
  /** It could not be used. */
  #isBroken = false;
  /** Texts as they are on the disk. */
  readonly #written = new Map<string, Uint8Array>();

  constructor(paths: StatePaths) {
    this.#paths = paths;
  }

  /** Throws only if neither the file nor the copy can be used though one of them is there. */
  load(): StoredRules {
    const { rules, lastGood } = this.#paths;
    this.#stamp = stampOf(rules);
    this.#isBroken = false;
    let problem: string;
    try {
      const document = documentAt(rules);
      this.#keepGood(rules);
      return this.#found(document, 'file', []);
    } catch (error) {
      problem = problemOf(error);
    }
    const isMissing = !existsSync(rules);
    this.#isBroken = !isMissing;
    if (isMissing && !existsSync(lastGood)) return { ...NOTHING, book: EMPTY_BOOK };
    let document: RulesDocument;
    try {
      document = documentAt(lastGood);
    } catch (cause) {
      throw new RulesFileError(`${rules} ${problem}; the last good copy ${lastGood} ${problemOf(cause)}`, { cause });
    }
    const what = isMissing ? 'is not there' : problem;
    const alarm =
      `The rules file ${rules} ${what}. The last good copy is in force: ${lastGood}. ` +
      `Repair the file and reload (kill -HUP), or copy the good one over it.`;
    return this.#found(document, 'last good copy', [alarm]);
  }

  /** Whole or not at all, each file. Throws what the file system says, and if somebody edited the file meanwhile. */
  save(book: RuleBook): void {
    this.#guardEdits();
    for (const set of book.sets.values()) this.#saveSet(set);
    const text = writeDocument({
      $schema: this.#schema,
      default_policy: book.defaultPolicy,
      rules: book.rules,
      sets: Object.fromEntries([...book.sets].map(([name, set]) => [name, fileSet(set)])),
      protect: [...book.protect],
      next_id: book.nextId,
    });
    const path = targetOf(this.#paths.rules);
    mkdirSync(dirname(path), { recursive: true });
    writeAtomically(path, text);
    this.#stamp = stampOf(path);
    writeAtomically(this.#paths.lastGood, text);
    this.#removeUnused(book);
  }

  /** What a set's own file holds now; throws what the file system says. */
  readSetFile(path: string): Uint8Array {
    return readShared(path);
  }

  /** The path of a set's file, seen from the rules file. */
  setFile(path: string): string {
    return resolve(dirname(this.#paths.rules), path);
  }

  /** What people wrote is not overwritten before it was read, and kept if it could not be. */
  #guardEdits(): void {
    const { rules } = this.#paths;
    const stamp = stampOf(rules);
    if (stamp !== undefined && stamp !== this.#stamp) {
      throw new RulesFileError(`${rules} was edited since it was read; have it read first (kill -HUP the loader)`);
    }
    if (!this.#isBroken || stamp === undefined) return;
    copyFileSync(rules, `${rules}.broken`);
    this.#isBroken = false;
  }

  #found(document: RulesDocument, from: StoredRules['from'], alarms: string[]): StoredRules {
    const { file, rules, nextId, isEdited } = document;
    this.#schema = file.$schema;
    const sets: StoredSet[] = [];
    for (const [name, set] of Object.entries(file.sets)) sets.push(this.#readSet(name, set, alarms));
    const book: RuleBook = {
      defaultPolicy: file.default_policy,
      rules,
      sets: new Map(),
      protect: file.protect,
      nextId,
    };
    return { book, sets, from, isEdited: isEdited && from === 'file', alarms };
  }

  #readSet(name: string, { file, entries, loaded_at }: FileSet, alarms: string[]): StoredSet {
    const loadedAtMs = loaded_at === undefined ? Date.now() : Date.parse(loaded_at);
    if (file === undefined && entries !== undefined) {
      return {
        name,
        origin: { kind: 'inline', entries },
        text: sharedBytes(Buffer.from(entries.join('\n'))),
        loadedAtMs,
      };
    }
    const copy = this.#copyOf(name);
    if (file !== undefined) {
      const origin: SetOrigin = { kind: 'file', path: file };
      try {
        const path = this.setFile(file);
        return { name, origin, text: readShared(path), loadedAtMs: statSync(path).mtimeMs };
      } catch (error) {
        alarms.push(`The list of set ${name} ${problemOf(error)}. The copy of the last good one is in force: ${copy}.`);
        return { name, origin, text: this.#readCopy(name, alarms), loadedAtMs };
      }
    }
    return { name, origin: { kind: 'copy' }, text: this.#readCopy(name, alarms), loadedAtMs };
  }

  #readCopy(name: string, alarms: string[]): Uint8Array {
    try {
      const text = readShared(this.#copyOf(name));
      this.#written.set(name, text);
      return text;
    } catch (error) {
      alarms.push(
        `The list of set ${name} ${problemOf(error)}. Its rules match nothing until it is imported again: ` +
          `packetlog rules import FILE --set ${name}.`,
      );
      return sharedBytes(new Uint8Array(0));
    }
  }

  #saveSet({ name, origin, text }: NamedSet): void {
    if (origin.kind === 'inline' || text === undefined || this.#written.get(name) === text) return;
    mkdirSync(this.#paths.sets, { recursive: true });
    writeAtomically(this.#copyOf(name), text);
    this.#written.set(name, text);
  }

  #removeUnused(book: RuleBook): void {
    if (!existsSync(this.#paths.sets)) return;
    for (const file of readdirSync(this.#paths.sets)) {
      const name = file.replace(/\.txt$/, '');
      if (book.sets.has(name) || name === file) continue;
      rmSync(join(this.#paths.sets, file));
      this.#written.delete(name);
    }
  }

  #copyOf(name: string): string {
    return join(this.#paths.sets, `${name}.txt`);
  }

  #keepGood(path: string): void {
    const good = readFileSync(path);
    const { lastGood } = this.#paths;
    if (!existsSync(lastGood) || !readFileSync(lastGood).equals(good)) writeAtomically(lastGood, good);
  }
}

const NOTHING: Omit<StoredRules, 'book'> = { sets: [], from: 'nothing', isEdited: false, alarms: [] };

function documentAt(path: string): RulesDocument {
  return readDocument(readFileSync(path, 'utf8'), statSync(path).mtimeMs);
}

/** Undefined: not there. */
function stampOf(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const { ino, size, mtimeMs } = statSync(path);
  return `${ino} ${size} ${mtimeMs}`;
}

/** A link stays one. */
function targetOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

function fileSet({ origin, loadedAtMs }: NamedSet): FileSet {
  const loaded_at = new Date(loadedAtMs).toISOString();
  if (origin.kind === 'inline') return { entries: [...origin.entries] };
  return origin.kind === 'file' ? { file: origin.path, loaded_at } : { loaded_at };
}

function problemOf(error: unknown): string {
  if (error instanceof RulesFileError) return `cannot be used (${error.message})`;
  return `cannot be read (${error instanceof Error ? error.message : String(error)})`;
}

function readShared(path: string): Uint8Array {
  return sharedBytes(readFileSync(path));
}
