/** `packetlog rules export`: prints the rules file as it is on the disk, or the networks of a set. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSetName } from '@packetlog/common';
import { SetupError } from '../../errors/setup-error.ts';
import { formatAddressList, parseAddressList } from '../../rules/index.ts';
import { isThere } from '../../rules/store/regular-file.ts';
import { RulesFileError, readDocument, writeDocument } from '../../rules/store/rules-document.ts';
import type { StatePaths } from '../../rules/store/state-directory.ts';
import type { Outcome } from '../process/exit-code-of.ts';
import type { Printer } from './printer.ts';

/** Prints the rules file, or the networks of `set` if it is given. Throws SetupError. */
export function exportRules(paths: StatePaths, set: string | undefined, printer: Printer): Outcome {
  if (set !== undefined) return printer.raw(networksOf(paths, set));
  const path = rulesAt(paths);
  if (path === undefined) {
    return printer.raw(writeDocument({ default_policy: 'permit', rules: [], sets: {}, protect: [], next_id: 1 }));
  }
  return printer.raw(read(path));
}

/** Returns the networks of the set, without comments and without lines that the import skipped. */
function networksOf(paths: StatePaths, set: string): string {
  if (!isSetName(set)) throw noSet(set);
  const copy = join(paths.sets, `${set}.txt`);
  const text = existsSync(copy) ? read(copy) : inlineEntries(paths, set);
  if (text === undefined) throw noSet(set);
  return formatAddressList(parseAddressList(text).list);
}

/** Returns the entries of a set that the rules file itself contains. */
function inlineEntries(paths: StatePaths, set: string): Buffer | undefined {
  const path = rulesAt(paths);
  if (path === undefined) return undefined;
  try {
    const { entries } = readDocument(read(path).toString('utf8'), 0).file.sets[set] ?? {};
    return entries && Buffer.from(entries.join('\n'));
  } catch (cause) {
    if (!(cause instanceof RulesFileError)) throw cause;
    throw new SetupError({ step: 'read', target: path, problem: cause.message, exit: 'failed', cause });
  }
}

function rulesAt({ rules, lastGood }: StatePaths): string | undefined {
  return [rules, lastGood].find((path) => isPresent(path));
}

/** Throws SetupError if the path cannot be inspected: an unreadable file must not be exported as no rules. */
function isPresent(path: string): boolean {
  try {
    return isThere(path);
  } catch (cause) {
    throw new SetupError({ step: 'read', target: path, exit: 'failed', cause });
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new SetupError({ step: 'read', target: path, exit: 'failed', cause });
  }
}

function noSet(name: string): SetupError {
  return new SetupError({
    step: 'export',
    target: `set ${JSON.stringify(name)}`,
    problem: 'it does not exist',
    next: 'List the sets with: packetlog rules list.',
    exit: 'not_found',
  });
}
