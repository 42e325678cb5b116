/** `packetlog rules import`: imports a list as a named set, with a rule that uses it. */
import { basename, extname, resolve } from 'node:path';
import { isSetName, type RulesResults } from '@packetlog/common';
import { SetupError } from '../../errors/setup-error.ts';
import { isRegularFile } from './read-input.ts';
import { force } from './rule-options.ts';
import { one } from './rules-text.ts';

/** Returns the lines of one set from the output of `ipset save`. Throws SetupError if the set is not in it. */
export function onlyIpset(list: Uint8Array, name: string): Buffer {
  const lines = Buffer.from(list).toString('utf8').split(/\r?\n/);
  const names = new Set(lines.flatMap((line) => /^(?:create|add)\s+(\S+)\s/.exec(line)?.[1] ?? []));
  if (!names.has(name)) {
    throw new SetupError({
      step: 'import',
      target: `ipset set ${JSON.stringify(name)}`,
      problem:
        names.size === 0 ? 'the input is not the output of ipset save' : `the input has ${[...names].join(', ')}`,
      next: 'Name one of its sets with --ipset NAME.',
      exit: 'usage',
    });
  }
  return Buffer.from(lines.filter((line) => line.startsWith(`add ${name} `)).join('\n'));
}

/**
 * Returns the query of the import. The set follows the file if it is a regular file and the list is all of it. Throws
 * SetupError.
 */
export function importQuery(file: string, options: Record<string, unknown>): Record<string, string> {
  const { set, action, reason, once, skipBad, allowEmpty, ipset } = options as Record<string, string | undefined>;
  return {
    set: set ?? ipset ?? setNameOf(file),
    action: action ?? 'deny',
    ...(reason === undefined ? {} : { reason }),
    ...(!once && ipset === undefined && isRegularFile(file) ? { file: resolve(file) } : {}),
    ...(skipBad ? { skip_bad: 'true' } : {}),
    ...(allowEmpty ? { allow_empty: 'true' } : {}),
    ...(force(options).force ? { force: 'true' } : {}),
  };
}

export function importedSentence({ rule, set, bad_line_count }: RulesResults['import']): string {
  const { name, entries, file } = set;
  const skipped = bad_line_count > 0 ? ` Skipped: ${one(bad_line_count, 'line')}.` : '';
  const follows = file === undefined ? '' : ' The file is read again when it changes.';
  return `Set ${name} has ${one(entries, 'network')}; rule ${rule.id} (${rule.action}) applies to it.${skipped}${follows}`;
}

function setNameOf(file: string): string {
  const name = basename(file, extname(file));
  if (isSetName(name)) return name;
  throw new SetupError({
    step: 'name',
    target: 'the set',
    problem: `${JSON.stringify(name)} is not a valid name`,
    next: 'Give one: --set NAME.',
    exit: 'usage',
  });
}
