/**
 * Stores copies of the lists of sets as they were last in force. A damaged copy counts as damaged until another list
 * replaces it, even if rules were written with the rest of it meanwhile.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FileSet } from '@packetlog/common';
import { textHash } from '../ruleset/content-hash.ts';
import type { NamedSet, Ruleset, SetOrigin } from '../ruleset/ruleset.ts';
import { isThere, MAX_LIST_BYTES, readRegularFile, UnfitFileError } from './regular-file.ts';
import { RulesFileError, requireShort } from './rules-document.ts';
import { sharedBytes } from './shared-bytes.ts';

/** A set from the disk whose list has not been parsed yet. */
export interface StoredSet {
  readonly name: string;
  readonly origin: SetOrigin;
  readonly text: Uint8Array;
  readonly loadedAtMs: number;
}

export interface LostList {
  readonly set: string;
  /** The remaining text of the list. */
  readonly text: Uint8Array;
  /** A sentence that ends with the next action. */
  readonly message: string;
}

/** SHA-256 of each copy when it was written, by set name. */
export type ListHashes = Readonly<Record<string, string>>;

/** A set whose list has a copy. */
type CopiedSet = NamedSet & { readonly text: Uint8Array };

/** Stands for the hash of a list that was lost before its hash was stored. */
const UNKNOWN_HASH = '';

export class ListCopies {
  readonly #directory: string;
  /** Resolves the path of a set's own file. */
  readonly #fileOf: (path: string) => string;
  /** Text of each copy on the disk, by set name. */
  readonly #written = new Map<string, Uint8Array>();
  /** Hash of the complete list, by the remaining text of a damaged one. */
  readonly #damaged = new WeakMap<Uint8Array, string>();

  constructor(directory: string, fileOf: (path: string) => string) {
    this.#directory = directory;
    this.#fileOf = fileOf;
  }

  /**
   * Reads the list that was last in force, or the set's own file if the set was never in force. Adds a damaged list to
   * `lost`; without `lost`, throws RulesFileError.
   */
  async read(name: string, set: FileSet, hashes: ListHashes = {}, lost?: LostList[]): Promise<StoredSet> {
    const { file, entries, loaded_at } = set;
    const loadedAtMs = loaded_at === undefined ? Date.now() : Date.parse(loaded_at);
    if (file === undefined && entries !== undefined) {
      const text = sharedBytes(Buffer.from(entries.join('\n')));
      return { name, origin: { kind: 'inline', entries }, text, loadedAtMs };
    }
    const origin: SetOrigin = file === undefined ? { kind: 'copy' } : { kind: 'file', path: file };
    const hash = hashes[name];
    const lose = (text: Uint8Array, problem: string, remains: string, cause?: unknown): StoredSet => {
      const next = `packetlog rules import FILE --set ${name}`;
      if (lost === undefined) throw new RulesFileError(`${problem}; import it again (${next})`, { cause });
      this.#damaged.set(text, hash ?? UNKNOWN_HASH);
      lost.push({
        set: name,
        text,
        message: `In the last good rules, ${problem}; ${remains}. Import it again: ${next}.`,
      });
      return { name, origin, text, loadedAtMs };
    };
    const copy = this.#pathOf(name);
    try {
      if (file !== undefined && !isThere(copy)) {
        const text = await readRegularFile(this.#fileOf(file), MAX_LIST_BYTES);
        // The lists of accepted rules were accepted, too; the file's current content may not have been.
        if (lost === undefined || textHash(text) === hash) return { name, origin, text, loadedAtMs: Date.now() };
        return lose(nothing(), `the copy of the list of set ${name} (${copy}) is missing`, MATCHES_NOTHING);
      }
      const text = await readRegularFile(copy, MAX_LIST_BYTES);
      this.#written.set(name, text);
      if (hash === undefined || hash === textHash(text)) return { name, origin, text, loadedAtMs };
      const problem = `the copy of the list of set ${name} (${copy}) was changed or damaged`;
      return lose(text, problem, 'the rest of it is in force');
    } catch (error) {
      if (error instanceof RulesFileError) throw error;
      return lose(nothing(), `the list of set ${name} ${problemOf(error)}`, MATCHES_NOTHING, error);
    }
  }

  /** Returns the files to write so that the copies match these rules, and their hashes. Throws RulesFileError. */
  of({ sets }: Ruleset): {
    files: (readonly [path: string, list: Uint8Array])[];
    hashes: ListHashes;
    wrote: () => void;
  } {
    const copied = [...sets.values()].filter(hasCopy);
    for (const { name, text } of copied) requireShort(`the list of set ${name}`, text.length, MAX_LIST_BYTES);
    const changed = copied.filter(
      ({ name, text }) => this.#written.get(name) !== text && !this.#isStillLost(name, text),
    );
    return {
      files: changed.map(({ name, text }) => [this.#pathOf(name), text] as const),
      hashes: Object.fromEntries(copied.map(({ name, text }) => [name, this.#damaged.get(text) ?? textHash(text)])),
      wrote: () => {
        for (const { name, text } of changed) this.#written.set(name, text);
        this.#removeUnused(sets);
      },
    };
  }

  /** Returns whether a list is still missing. It gets no empty copy: the operator may restore the original. */
  #isStillLost(name: string, text: Uint8Array): boolean {
    return text.length === 0 && this.#damaged.has(text) && !this.#written.has(name);
  }

  #removeUnused(sets: Ruleset['sets']): void {
    if (!existsSync(this.#directory)) return;
    for (const file of readdirSync(this.#directory)) {
      const name = file.replace(/\.txt$/, '');
      if (sets.has(name) || name === file) continue;
      rmSync(join(this.#directory, file));
      this.#written.delete(name);
    }
  }

  #pathOf(name: string): string {
    return join(this.#directory, `${name}.txt`);
  }
}

const MATCHES_NOTHING = 'its rules match nothing';

function hasCopy(set: NamedSet): set is CopiedSet {
  return set.origin.kind !== 'inline' && set.text !== undefined;
}

/** Returns an empty text, a new object each time: lost lists are identified by their text object. */
function nothing(): Uint8Array {
  return sharedBytes(new Uint8Array(0));
}

/** Describes an error as the predicate of a sentence about the file. */
export function problemOf(error: unknown): string {
  if (error instanceof UnfitFileError) return error.message;
  if (error instanceof RulesFileError) return `cannot be used: ${error.message}`;
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
