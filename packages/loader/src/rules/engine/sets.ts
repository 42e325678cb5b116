/** Makes sets of text: reads it in the background, and says which lines are none. */
import type { BadLine } from '@packetlog/common';
import type { NamedSet, RuleBook, SetOrigin } from '../book/rule-book.ts';
import type { Compiler } from '../compiling/compiler.ts';
import type { StoredRules, StoredSet } from '../file/rule-store.ts';
import { invalid } from '../refusal.ts';

const LINES_SHOWN = 3;

export interface ReadSet {
  readonly set: NamedSet;
  readonly badLines: readonly BadLine[];
  readonly badLineCount: number;
  /** What was understood otherwise than it is written. */
  readonly notes: readonly string[];
}

export interface TextOfSet {
  readonly name: string;
  readonly origin: SetOrigin;
  /** In shared memory, if it is long. */
  readonly text: Uint8Array;
  readonly loadedAtMs: number;
}

export async function readSet(compiler: Compiler, { name, origin, text, loadedAtMs }: TextOfSet): Promise<ReadSet> {
  const { list, ...rest } = await compiler.parse(text);
  return { set: { name, origin, list, text, loadedAtMs }, ...rest };
}

/** Throws RulesRefusal, unless every line was understood. */
export function requireGood({ set, badLines, badLineCount }: ReadSet): NamedSet {
  if (badLineCount === 0) return set;
  const shown = badLines.slice(0, LINES_SHOWN).map(({ line, text, problem }) => `line ${line}: "${text}" ${problem}`);
  const more = badLineCount > LINES_SHOWN ? `; and ${badLineCount - LINES_SHOWN} more` : '';
  throw invalid(
    `${badLineCount} of the lines cannot be read, so nothing was changed (${shown.join('; ')}${more}). ` +
      'Correct them, or leave them out with --skip-bad.',
    'entries',
  );
}

/** Rules from the disk, sets included. What of the lists cannot be read is told in `alarms`. */
export async function readStored(
  compiler: Compiler,
  stored: StoredRules,
): Promise<{ book: RuleBook; alarms: readonly string[] }> {
  const alarms = [...stored.alarms];
  const sets = new Map<string, NamedSet>();
  for (const text of stored.sets) {
    const read = await readSet(compiler, text);
    if (read.badLineCount > 0) alarms.push(badListAlarm(text, read));
    sets.set(text.name, read.set);
  }
  return { book: { ...stored.book, sets }, alarms };
}

function badListAlarm({ name }: StoredSet, { badLines: [first], badLineCount }: ReadSet): string {
  return (
    `${badLineCount} lines in the list of set ${name} cannot be read and are left out; ` +
    `the first is line ${first?.line}: ${first?.problem}.`
  );
}
