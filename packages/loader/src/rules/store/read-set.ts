/** Parses the text of sets in the background, and reports invalid lines. */
import type { BadLine } from '@packetlog/common';
import type { Compiler } from '../compiler/worker/compiler.ts';
import { invalid } from '../ruleset/rejection.ts';
import type { NamedSet, Ruleset, SetOrigin } from '../ruleset/ruleset.ts';
import type { LostList } from './list-copies.ts';
import type { StoredRules } from './rule-store.ts';
import { sharedBytes } from './shared-bytes.ts';

/** Maximum invalid lines quoted in a message. */
const MAX_QUOTED = 3;

export interface ReadSet {
  readonly set: NamedSet;
  readonly badLines: readonly BadLine[];
  readonly badLineCount: number;
  /** How the list was read, and which entries were interpreted differently, as sentences. */
  readonly notes: readonly string[];
}

export interface TextOfSet {
  readonly name: string;
  readonly origin: SetOrigin;
  /** In shared memory if it is long. */
  readonly text: Uint8Array;
  readonly loadedAtMs: number;
}

export async function readSet(compiler: Compiler, { name, origin, text, loadedAtMs }: TextOfSet): Promise<ReadSet> {
  const { list, ...rest } = await compiler.parse(text);
  return { set: { name, origin, list, text, loadedAtMs }, ...rest };
}

/** Reads a list whose copy the loader stores. Throws RulesRejection if any line is invalid. */
export async function readCopy(compiler: Compiler, name: string, list: string): Promise<NamedSet> {
  const text = sharedBytes(Buffer.from(list));
  return requireGood(await readSet(compiler, { name, origin: { kind: 'copy' }, text, loadedAtMs: Date.now() }));
}

/** Throws RulesRejection if any line is invalid. */
export function requireGood(read: ReadSet): NamedSet {
  const { badLines, badLineCount } = read;
  const set = skippingBad(read);
  if (badLineCount === 0) return set;
  const shown = badLines.slice(0, MAX_QUOTED).map(({ line, text, problem }) => `line ${line}: "${text}" ${problem}`);
  const more = badLineCount > MAX_QUOTED ? `; and ${badLineCount - MAX_QUOTED} more` : '';
  throw invalid(
    `${badLineCount} of the lines cannot be read, so nothing was changed (${shown.join('; ')}${more}). ` +
      'Correct them, or skip them with --skip-bad.',
    'entries',
  );
}

/** Returns the set without its invalid lines. Throws RulesRejection if the list cannot be read at all. */
export function skippingBad(read: ReadSet): NamedSet {
  const problem = problemOf(read);
  if (problem !== undefined) throw invalid(`The list ${problem}. Nothing was changed.`, 'entries');
  return read.set;
}

/** Returns why the list cannot be read at all, as the predicate of a sentence about it; undefined if it was read. */
function problemOf({ badLines: [first] }: Pick<ReadSet, 'badLines'>): string | undefined {
  return first?.line === 0 ? first.problem : undefined;
}

/**
 * Reads rules from the disk that were accepted before, with their sets. Invalid lines were already skipped then, so
 * they are not an error. A list that cannot be read at all counts as lost: an earlier version could read it.
 */
export async function readStored(
  compiler: Compiler,
  stored: StoredRules,
): Promise<{ ruleset: Ruleset; lost: readonly LostList[] }> {
  const sets = new Map<string, NamedSet>();
  const lost = [...stored.lost];
  for (const text of stored.sets) {
    const read = await readSet(compiler, text);
    sets.set(text.name, read.set);
    const problem = problemOf(read);
    if (problem !== undefined && lost.every((other) => other.set !== text.name)) {
      lost.push({ set: text.name, text: text.text, message: unreadable(text.name, problem) });
    }
  }
  return { ruleset: { ...stored.ruleset, sets }, lost };
}

/**
 * Reads rules from the disk that were never accepted. `known`: lists in force, which are not read again. Throws
 * RulesRejection.
 */
export async function requireStored(compiler: Compiler, stored: StoredRules, known?: Ruleset): Promise<Ruleset> {
  const sets = new Map<string, NamedSet>();
  for (const text of stored.sets) sets.set(text.name, sameSet(text, known) ?? (await requireSet(compiler, text)));
  return { ...stored.ruleset, sets };
}

function unreadable(name: string, problem: string): string {
  return `The list of set ${name} ${problem}. Its rules match nothing. Import it again: packetlog rules import FILE --set ${name}.`;
}

async function requireSet(compiler: Compiler, text: TextOfSet): Promise<NamedSet> {
  const read = await readSet(compiler, text);
  const {
    badLines: [first],
    badLineCount,
  } = read;
  if (badLineCount === 0) return read.set;
  const problem = problemOf(read);
  if (problem !== undefined) throw invalid(`The list of set ${text.name} ${problem}.`);
  throw invalid(
    `${badLineCount} lines in the list of set ${text.name} cannot be read; the first is line ${first?.line}: ` +
      `${first?.problem}`,
  );
}

/** Returns the set in force if it has the same origin. `FollowedFiles` reads the files of followed sets. */
function sameSet({ name, origin, text }: TextOfSet, known: Ruleset | undefined): NamedSet | undefined {
  const set = known?.sets.get(name);
  if (set === undefined || JSON.stringify(set.origin) !== JSON.stringify(origin)) return undefined;
  return origin.kind === 'copy' && set.text !== undefined && !sameBytes(set.text, text) ? undefined : set;
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one.buffer, one.byteOffset, one.length).equals(other);
}
