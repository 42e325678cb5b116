/**
 * Keeps copies of the lists of sets as they were last in force. A damaged copy stays known as damaged until another
 * list replaces it, even after rules were written with what is left of it.
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

/** SHA-256 of the copies as they were written, by set name. */
export type ListHashes = Readonly<Record<string, string>>;

/** A set whose list has a copy. */
type CopiedSet = NamedSet & { readonly text: Uint8Array };

/** Replaces the hash of a list that was lost before its hash was known. */
const NEVER_KNOWN = '';

export class ListCopies {
  readonly #directory: string;
  /** Resolves the path of a set's own file. */
  readonly #fileOf: (path: string) => string;
  /** Texts as they are on the disk, by set name. */
  readonly #written = new Map<string, Uint8Array>();
  /** Hash of the complete list, by the remaining text of a damaged one. */
  readonly #damaged = new WeakMap<Uint8Array, string>();

  constructor(directory: string, fileOf: (path: string) => string) {
    this.#directory = directory;
    this.#fileOf = fileOf;
  }

  /**
   * Reads the list that was last in force, or the set's own file if the set was never in force. With `lost`, a damaged
   * list is added there instead of throwing a RulesFileError.
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
      this.#damaged.set(text, hash ?? NEVER_KNOWN);
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
        // The list of rules in force was accepted once; the current content of the file may not have been.
        if (lost === undefined || textHash(text) === hash) return { name, origin, text, loadedAtMs: Date.now() };
        return lose(nothing(), `the copy of the list of set ${name} (${copy}) is gone`, MATCHES_NOTHING);
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

  /** Prevents an empty copy of a missing list: the operator may still restore the original. */
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

/** Returns a new object each time: lost lists are known by identity. */
function nothing(): Uint8Array {
  return sharedBytes(new Uint8Array(0));
}

/** Returns the end of a sentence that begins with the file. */
export function problemOf(error: unknown): string {
  if (error instanceof UnfitFileError) return error.message;
  if (error instanceof RulesFileError) return `cannot be used: ${error.message}`;
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
