/**
 * The rules on the disk: the file that people edit, a copy of the last set that was in force, the lists of sets, and
 * what was accepted before. Reading decides nothing: the pipeline does. Nothing is replaced before all that takes its
 * place is on the disk and was read back.
 */
import { existsSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { FileSet, Rule } from '@packetlog/common';
import { contentHash } from '../ruleset/content-hash.ts';
import type { NamedSet, Ruleset } from '../ruleset/ruleset.ts';
import { type PreparedFile, prepareFiles, writeAtomically } from './atomic-file.ts';
import { ListCopies, type LostList, problemOf, type StoredSet } from './list-copies.ts';
import { isThere, MOST_LIST_BYTES, MOST_RULES_BYTES, readRegularFile } from './regular-file.ts';
import { RulesFileError, readDocument, requireReadable, requireShort, writeDocument } from './rules-document.ts';
import { NO_STATE, type RulesState, readState, stateText, withAccepted, withUnconfirmed } from './rules-state.ts';
import { setAside } from './set-aside.ts';
import type { StatePaths } from './state-directory.ts';

export interface StoredRules {
  /** Everything but the sets. */
  readonly ruleset: Ruleset;
  readonly sets: readonly StoredSet[];
  /** The file is not as the loader wrote it. */
  readonly isEdited: boolean;
  /** Lists that are lost, each with a sentence that ends with the next action. Only of the last good copy. */
  readonly lost: readonly LostList[];
}

/** `problem` ends a sentence that begins with the file. */
export type Found = StoredRules | { readonly problem: string } | undefined;

/** How a set is written. */
export interface Writing {
  /** The rules file already says this: it was loaded from there, and stays as people wrote it. */
  readonly fileSaysIt?: boolean;
}

export interface RuleStoreOptions {
  /** What is written is in force, so it is the last good one, too. */
  readonly keepsGood?: boolean;
  /** An edit of the rules file that was never in force was kept in this copy, because the file is written. */
  readonly keptAside?: (copy: string) => void;
}

export class RuleStore {
  readonly #paths: StatePaths;
  readonly #keepsGood: boolean;
  readonly #keptAside: (copy: string) => void;
  /** Of the file that was kept aside last. */
  #keptStamp: string | undefined;
  #judges = true;
  #state: RulesState = NO_STATE;
  #schema: string | undefined;
  /** The rules file as it was read or written last; undefined: not there. */
  #stamp: string | undefined;
  /** Content of the rules file as it was read or written last; undefined: it was never accepted. */
  #fileContent: string | undefined;
  readonly #lists: ListCopies;
  /** Rules that the reader is known to take. */
  readonly #readable = new WeakSet<Rule>();

  constructor(paths: StatePaths, { keepsGood = true, keptAside = () => {} }: RuleStoreOptions = {}) {
    this.#paths = paths;
    this.#lists = new ListCopies(paths.sets, (path) => this.setFile(path));
    this.#keepsGood = keepsGood;
    this.#keptAside = keptAside;
  }

  /** The file that people edit. Undefined: there is none. Throws only what keeps the loader from looking. */
  async readFile(): Promise<Found> {
    this.#state = readState(this.#paths.state);
    this.#stamp = stampOf(this.#paths.rules);
    this.#fileContent = undefined;
    return this.#read(this.#paths.rules, false);
  }

  /** What was in force last. A list that is lost costs its set, not the others. */
  readGood(): Promise<Found> {
    return this.#read(this.#paths.lastGood, true);
  }

  /** Whether this content was accepted before: confirmed, forced, or neither risky nor a lockout. */
  isAccepted(content: string): boolean {
    return this.#state.accepted.includes(content);
  }

  /** Whether this content had its time to be confirmed, and was not. */
  isUnconfirmed(content: string): boolean {
    return this.#state.unconfirmed.includes(content);
  }

  /** From now on what is written was judged against rules that were not accepted, so it is not accepted either. */
  acceptNothing(): void {
    this.#judges = false;
  }

  /** Rules that were loaded from the file are in force, or agree with it. */
  fileAgrees(ruleset: Ruleset): void {
    this.#fileContent = contentHash(ruleset);
  }

  /**
   * Writes all that will take the place of something, beside it. Throws RulesFileError if the file was edited
   * meanwhile or it could not be read back, or what the file system says; nothing was changed then.
   */
  prepare(ruleset: Ruleset, { fileSaysIt = false }: Writing = {}): PreparedFile {
    const path = targetOf(this.#paths.rules);
    if (!fileSaysIt) {
      this.#guardEdits();
      this.#keepRejected();
    }
    requireReadable(ruleset, this.#readable);
    const text = this.#textOf(ruleset);
    const accepted = this.#judges ? withAccepted(this.#state, contentHash(ruleset), ruleset.nextId) : this.#state;
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(this.#paths.sets, { recursive: true });
    const lists = this.#lists.of(ruleset);
    requireShort('the rules file', text.length, MOST_RULES_BYTES);
    const state = { ...accepted, lists: lists.hashes };
    const files = prepareFiles([
      ...lists.files,
      ...(this.#keepsGood ? differing(this.#paths.lastGood, text) : []),
      ...differing(this.#paths.state, stateText(state)),
      // Last: as long as it is the old one, so are the rules.
      ...(fileSaysIt ? [] : [[path, text] as const]),
    ]);
    return {
      abandon: files.abandon,
      commit: () => {
        files.commit();
        this.#state = state;
        if (!fileSaysIt) this.#stamp = stampOf(path);
        this.#fileContent = contentHash(ruleset);
        lists.wrote();
      },
    };
  }

  /** Before `ruleset` is in force for a while. After a crash its ids are not given again, nor is it put in force again. */
  noteUnconfirmed(ruleset: Ruleset): void {
    const state = withUnconfirmed(this.#state, contentHash(ruleset), ruleset.nextId);
    writeAtomically(this.#paths.state, stateText(state));
    this.#state = state;
  }

  /** Ids below were given already. */
  get nextId(): number {
    return this.#state.next_id;
  }

  /** What a set's own file holds now; throws UnfitFileError or what the file system says. */
  readSetFile(path: string): Promise<Uint8Array> {
    return readRegularFile(path, MOST_LIST_BYTES);
  }

  /** The path of a set's file, seen from the rules file. */
  setFile(path: string): string {
    return resolve(dirname(this.#paths.rules), path);
  }

  /** What people wrote is not overwritten before it was read. */
  #guardEdits(): void {
    const { rules } = this.#paths;
    const stamp = stampOf(rules);
    if (stamp !== undefined && stamp !== this.#stamp) {
      throw new RulesFileError(`${rules} was edited since it was read; have it read first (kill -HUP the loader)`);
    }
  }

  /** What was read and is not in force stays beside the file that takes its place. */
  #keepRejected(): void {
    if (this.#fileContent !== undefined || this.#stamp === undefined || this.#keptStamp === this.#stamp) return;
    const copy = setAside(this.#paths.rules, Date.now());
    this.#keptStamp = this.#stamp;
    this.#keptAside(copy);
  }

  async #read(path: string, isGood: boolean): Promise<Found> {
    if (!isThere(path)) return undefined;
    try {
      const writtenAtMs = statSync(path).mtimeMs;
      const text = Buffer.from(await readRegularFile(path, MOST_RULES_BYTES)).toString('utf8');
      const { file, rules, nextId, isEdited } = readDocument(text, writtenAtMs);
      if (!isGood) this.#schema = file.$schema;
      for (const rule of rules) this.#readable.add(rule);
      const lost: LostList[] = [];
      const sets: StoredSet[] = [];
      for (const [name, set] of Object.entries(file.sets)) {
        sets.push(await this.#lists.read(name, set, this.#state.lists, isGood ? lost : undefined));
      }
      const ruleset: Ruleset = {
        defaultPolicy: file.default_policy,
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
      rules: ruleset.rules,
      sets: Object.fromEntries([...ruleset.sets].map(([name, set]) => [name, fileSet(set)])),
      protect: [...ruleset.protect],
      next_id: ruleset.nextId,
    });
  }
}

/** A copy that says the same already need not be written; its directory may be read-only. */
function differing(path: string, text: string): (readonly [path: string, text: string])[] {
  return isThere(path) && readFileSync(path, 'utf8') === text ? [] : [[path, text]];
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
