/** Reads the rules at start or takeover: those to begin with, and an edit that has yet to pass the pipeline. */
import type { Compiler } from '../compiler/worker/compiler.ts';
import { EMPTY_ADDRESS_LIST } from '../lists/address-list.ts';
import { contentHash } from '../ruleset/content-hash.ts';
import { EMPTY_RULESET, type Ruleset, saysSomething } from '../ruleset/ruleset.ts';
import type { LostList } from '../store/list-copies.ts';
import { readStored, requireStored } from '../store/read-set.ts';
import type { Found, RuleStore, StoredRules } from '../store/rule-store.ts';
import { RulesFileError } from '../store/rules-document.ts';
import { messageOf } from './rejection-text.ts';

export interface Start {
  /** Rules that were accepted before. They are put in force first, and stay if the edit is rejected. */
  readonly base: Ruleset;
  /** Source of the base. */
  readonly from: 'file' | 'last good copy' | 'nothing';
  /** The rules file, if its content was never accepted. */
  readonly edited: Ruleset | undefined;
  /** Why the rules file differs from the rules in force, as sentences that end with the next action. */
  readonly fileAlarm: string | undefined;
  readonly lost: readonly LostList[];
}

interface Paths {
  readonly rules: string;
  readonly lastGood: string;
}

/** Reads the rules on the disk. Throws RulesFileError if there are rules, but none that can be used. */
export async function readStart(store: RuleStore, compiler: Compiler, paths: Paths): Promise<Start> {
  const file = await store.readFile();
  if (isRules(file) && store.isAccepted(hashOf(file))) return await accepted(store, compiler, file);
  const good = await store.readGood();
  if (isRules(good)) return await withLastGood(good, file, store, compiler, paths);
  if (isRules(file)) return await firstRules(file, compiler, paths);
  if (file === undefined && good === undefined) return NOTHING;
  const problems = [
    `${paths.rules} ${file?.problem ?? 'does not exist'}`,
    ...(good === undefined ? [] : [`the last good copy ${paths.lastGood} ${good.problem}`]),
  ];
  throw new RulesFileError(problems.join('; '));
}

/**
 * Reads the rules file as a start would, but never the last good copy in its place. Resolves with undefined if there is
 * no file. Throws RulesFileError.
 */
export async function readRulesFile(store: RuleStore, compiler: Compiler, paths: Paths): Promise<Ruleset | undefined> {
  const file = await store.readFile();
  if (file === undefined) return undefined;
  if (!isRules(file)) throw new RulesFileError(file.problem);
  if (store.isAccepted(hashOf(file))) return (await readStored(compiler, file)).ruleset;
  return (await firstRules(file, compiler, paths)).edited;
}

/** Starts with the last good copy, and with the file as an edit of it. */
async function withLastGood(
  good: StoredRules,
  file: Found,
  store: RuleStore,
  compiler: Compiler,
  paths: Paths,
): Promise<Start> {
  if (isRules(file) && hashOf(good) === hashOf(file)) return await accepted(store, compiler, file);
  const { ruleset: base, lost } = await readStored(compiler, good);
  const start = { base, from: 'last good copy', edited: undefined, fileAlarm: undefined, lost } as const;
  if (!isRules(file)) return { ...start, fileAlarm: rejected(paths, file?.problem ?? 'does not exist') };
  try {
    return { ...start, edited: await requireStored(compiler, file) };
  } catch (error) {
    return { ...start, fileAlarm: rejected(paths, `cannot be used: ${messageOf(error)}`) };
  }
}

/** Starts with the first rules of this machine, which were never accepted. */
async function firstRules(file: StoredRules, compiler: Compiler, paths: Paths): Promise<Start> {
  try {
    return { ...NOTHING, edited: await requireStored(compiler, file) };
  } catch (error) {
    throw new RulesFileError(`${paths.rules}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Reads the rules file of a running loader. Resolves with undefined if there is neither a file nor a rule: SIGHUP also
 * reloads other files, such as certificates. Throws RulesFileError.
 */
export async function readAgain(store: RuleStore, compiler: Compiler, known: Ruleset): Promise<Ruleset | undefined> {
  const file = await store.readFile();
  if (file === undefined && !saysSomething(known) && known.sets.size === 0) return undefined;
  if (file === undefined) throw new RulesFileError('does not exist');
  if (!isRules(file)) throw new RulesFileError(file.problem);
  return await requireStored(compiler, file, known);
}

async function accepted(store: RuleStore, compiler: Compiler, file: StoredRules): Promise<Start> {
  const { ruleset, lost } = await readStored(compiler, file);
  store.fileAgrees(ruleset);
  return { base: ruleset, from: 'file', edited: undefined, fileAlarm: undefined, lost };
}

function isRules(found: Found): found is StoredRules {
  return found !== undefined && 'ruleset' in found;
}

/** Hashes the rules without reading the lists. */
function hashOf({ ruleset, sets }: StoredRules): string {
  return contentHash({
    ...ruleset,
    sets: new Map(sets.map((set) => [set.name, { ...set, list: EMPTY_ADDRESS_LIST }])),
  });
}

function rejected({ rules, lastGood }: Paths, problem: string): string {
  return (
    `The rules file ${rules} ${problem}. The last good copy is in force: ${lastGood}. ` +
    'Repair the file and reload (kill -HUP), or replace it with the copy.'
  );
}

const NOTHING: Start = { base: EMPTY_RULESET, from: 'nothing', edited: undefined, fileAlarm: undefined, lost: [] };
