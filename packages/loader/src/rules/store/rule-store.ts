/**
 * Stores the rules on the disk: the file that people edit, a copy of the last rules in force, the lists of sets, and
 * which contents were accepted. It only reads and writes; the pipeline decides. Files are replaced only after all
 * replacements are on the disk and the new rules proved readable.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { FileSet, Rule } from '@packetlog/common';
import { asOwnerOf } from '../../system/service-user.ts';
import { contentHash } from '../ruleset/content-hash.ts';
import type { NamedSet, Ruleset } from '../ruleset/ruleset.ts';
import { type PreparedFile, prepareFiles, writeAtomically } from './atomic-file.ts';
import { ListCopies, type LostList, problemOf, type StoredSet } from './list-copies.ts';
import { isThere, MAX_LIST_BYTES, MAX_RULES_BYTES, readRegularFile } from './regular-file.ts';
import { RulesFileError, readDocument, requireReadable, requireShort, writeDocument } from './rules-document.ts';
import { OwnRulesFile, type RulesFile } from './rules-file.ts';
import { NO_STATE, type RulesState, readState, stateText, withAccepted, withUnconfirmed } from './rules-state.ts';
import type { StatePaths } from './state-directory.ts';

export interface StoredRules {
  /** The ruleset without its sets. */
  readonly ruleset: Ruleset;
  readonly sets: readonly StoredSet[];
  /** True if the file was changed since the loader wrote it. */
  readonly isEdited: boolean;
  /** Lists that were damaged or lost; only for the last good copy. */
  readonly lost: readonly LostList[];
}

/** `problem` is the predicate of a sentence about the file. Undefined: there is no file. */
export type Found = StoredRules | { readonly problem: string } | undefined;

/** How a ruleset is written. */
export interface Writing {
  /** The rules were loaded from the rules file, which stays as it is. */
  readonly fileSaysIt?: boolean;
}

export interface RuleStoreOptions {
  /** Whether the written rules are in force and also become the last good copy. Default: true. */
  readonly keepsGood?: boolean;
  /** Called with the path of the copy of an unaccepted edit that is about to be overwritten. */
  readonly keptAside?: (copy: string) => void;
  /** The rules file, if this process does not read and replace it itself. */
  readonly file?: RulesFile | undefined;
}

export class RuleStore {
  readonly #paths: StatePaths;
  readonly #file: RulesFile;
  readonly #keepsGood: boolean;
  readonly #keptAside: (copy: string) => void;
  /** Stamp of the rules file when its last copy was kept. */
  #keptStamp: string | undefined;
  #accepts = true;
  #state: RulesState = NO_STATE;
  #schema: string | undefined;
  /** Stamp of the rules file when it was last read or written; undefined: it did not exist. */
  #stamp: string | undefined;
  /** Content hash of the rules file when it was last read or written; undefined: it was never accepted. */
  #fileContent: string | undefined;
  readonly #lists: ListCopies;
  /** Rules that are known to be readable after they are written. */
  readonly #readable = new WeakSet<Rule>();

  constructor(paths: StatePaths, options: RuleStoreOptions = {}) {
    const { keepsGood = true, keptAside = () => {}, file = new OwnRulesFile(paths.rules) } = options;
    this.#paths = paths;
    this.#file = file;
    this.#lists = new ListCopies(paths.sets, (path) => this.setFile(path));
    this.#keepsGood = keepsGood;
    this.#keptAside = keptAside;
  }

  /** Reads the file that people edit. Undefined: there is none. Throws only if the file cannot be inspected. */
  async readFile(): Promise<Found> {
    this.#state = readState(this.#paths.state);
    this.#stamp = this.#file.stamp();
    this.#fileContent = undefined;
    return this.#read(this.#file, false);
  }

  /** Reads the rules that were last in force. A lost list affects its own set only. */
  readGood(): Promise<Found> {
    return this.#read(new OwnRulesFile(this.#paths.lastGood), true);
  }

  /** Returns whether this content was accepted before: confirmed, forced, or neither risky nor a lockout. */
  isAccepted(content: string): boolean {
    return this.#state.accepted.includes(content);
  }

  /** Returns whether this content was pending and not confirmed in time. */
  isUnconfirmed(content: string): boolean {
    return this.#state.unconfirmed.includes(content);
  }

  /** Stops recording written rules as accepted: they were checked against rules that were not. */
  acceptNothing(): void {
    this.#accepts = false;
  }

  /** Records that the rules file matches the rules in force. */
  fileAgrees(ruleset: Ruleset): void {
    this.#fileContent = contentHash(ruleset);
  }

  /**
   * Writes all replacements next to the files that they will replace. Throws RulesFileError if the file was edited
   * meanwhile or the result would not be readable, or the file system's error; nothing has changed then.
   */
  prepare(ruleset: Ruleset, writing: Writing = {}): PreparedFile {
    const asOwner = <T>(action: () => T) => asOwnerOf(this.#paths.directory, action);
    const prepared = asOwner(() => this.#prepare(ruleset, writing));
    return { commit: () => asOwner(prepared.commit), abandon: () => asOwner(prepared.abandon) };
  }

  #prepare(ruleset: Ruleset, { fileSaysIt = false }: Writing): PreparedFile {
    const file = this.#file;
    if (!fileSaysIt) {
      this.#guardEdits();
      this.#keepRejected();
    }
    requireReadable(ruleset, this.#readable);
    const text = this.#textOf(ruleset);
    const accepted = this.#accepts ? withAccepted(this.#state, contentHash(ruleset), ruleset.nextId) : this.#state;
    mkdirSync(this.#paths.sets, { recursive: true });
    const lists = this.#lists.of(ruleset);
    requireShort('the rules file', text.length, MAX_RULES_BYTES);
    const state = { ...accepted, lists: lists.hashes };
    const files = prepareFiles(
      [
        ...lists.files,
        ...(this.#keepsGood ? differing(this.#paths.lastGood, text) : []),
        ...differing(this.#paths.state, stateText(state)),
      ],
      // Last: until the rules file is replaced, the old rules apply.
      fileSaysIt ? undefined : () => file.prepare(text),
    );
    return {
      abandon: files.abandon,
      commit: () => {
        files.commit();
        this.#state = state;
        if (!fileSaysIt) this.#stamp = file.stamp();
        this.#fileContent = contentHash(ruleset);
        lists.wrote();
      },
    };
  }

  /**
   * Records `ruleset` as unconfirmed. Call it before the rules are provisionally in force: after a crash, the next
   * start does not put them in force, and does not reuse their ids.
   */
  noteUnconfirmed(ruleset: Ruleset): void {
    const state = withUnconfirmed(this.#state, contentHash(ruleset), ruleset.nextId);
    writeAtomically(this.#paths.state, stateText(state));
    this.#state = state;
  }

  /** The next rule id: ids below it were already used. */
  get nextId(): number {
    return this.#state.next_id;
  }

  /** Reads the current content of a set's own file. Throws UnfitFileError or the file system's error. */
  readSetFile(path: string): Promise<Uint8Array> {
    return readRegularFile(path, MAX_LIST_BYTES);
  }

  /** Resolves the path of a set's file relative to the rules file. */
  setFile(path: string): string {
    return resolve(dirname(this.#paths.rules), path);
  }

  /** Throws if the rules file was edited since it was read, so that the edit is not overwritten. */
  #guardEdits(): void {
    const { rules } = this.#paths;
    const stamp = this.#file.stamp();
    if (stamp !== undefined && stamp !== this.#stamp) {
      throw new RulesFileError(`${rules} was edited since it was read; reload it first (kill -HUP the loader)`);
    }
  }

  /** Keeps a copy of content that was read but is not in force, before the file is replaced. */
  #keepRejected(): void {
    if (this.#fileContent !== undefined || this.#stamp === undefined || this.#keptStamp === this.#stamp) return;
    const copy = this.#file.setAside(Date.now());
    this.#keptStamp = this.#stamp;
    this.#keptAside(copy);
  }

  async #read(source: RulesFile, isGood: boolean): Promise<Found> {
    if (!source.exists()) return undefined;
    try {
      const found = await source.read();
      const { file, rules, nextId, isEdited } = readDocument(found.text, found.writtenAtMs);
      if (!isGood) this.#schema = file.$schema;
      for (const rule of rules) this.#readable.add(rule);
      const lost: LostList[] = [];
      const sets: StoredSet[] = [];
      for (const [name, set] of Object.entries(file.sets)) {
        sets.push(await this.#lists.read(name, set, this.#state.lists, isGood ? lost : undefined));
      }
      const ruleset: Ruleset = {
        defaultPolicy: file.default_policy,
        ...(file.own_default_policy !== undefined && { ownPolicy: file.own_default_policy }),
        rules,
        sets: new Map(),
        protect: file.protect,
        nextId: Math.max(nextId, this.#state.next_id),
      };
      return { ruleset, sets, isEdited, lost };
    } catch (error) {
      return { problem: problemOf(error) };
    }
  }

  #textOf(ruleset: Ruleset): string {
    return writeDocument({
      $schema: this.#schema,
      default_policy: ruleset.defaultPolicy,
      ...(ruleset.ownPolicy !== undefined && { own_default_policy: ruleset.ownPolicy }),
      rules: ruleset.rules,
      sets: Object.fromEntries([...ruleset.sets].map(([name, set]) => [name, fileSet(set)])),
      protect: [...ruleset.protect],
      next_id: ruleset.nextId,
    });
  }
}

/** Returns the file to write, unless it already has this content: its directory may then be read-only. */
function differing(path: string, text: string): (readonly [path: string, text: string])[] {
  return isThere(path) && readFileSync(path, 'utf8') === text ? [] : [[path, text]];
}

function fileSet({ origin, loadedAtMs }: NamedSet): FileSet {
  const loaded_at = new Date(loadedAtMs).toISOString();
  if (origin.kind === 'inline') return { entries: [...origin.entries] };
  return origin.kind === 'file' ? { file: origin.path, loaded_at } : { loaded_at };
}
