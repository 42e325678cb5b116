/** `packetlog rules export`: what is kept on the disk, as it is. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSetName } from '@packetlog/common';
import { writeDocument } from '../../rules/file/rules-document.ts';
import type { StatePaths } from '../../rules/file/state-directory.ts';
import { SetupError } from '../../setup-error.ts';
import type { Outcome, Printer } from './printer.ts';

/** `set`: undefined for the rules. Throws SetupError. */
export function exportRules(paths: StatePaths, set: string | undefined, printer: Printer): Outcome {
  if (set === undefined && !existsSync(paths.rules) && !existsSync(paths.lastGood)) {
    return printer.raw(writeDocument({ default_policy: 'permit', rules: [], sets: {}, protect: [], next_id: 1 }));
  }
  if (set !== undefined && !isSetName(set)) throw noSet(set);
  const rules = existsSync(paths.rules) ? paths.rules : paths.lastGood;
  const path = set === undefined ? rules : join(paths.sets, `${set}.txt`);
  try {
    return printer.raw(readFileSync(path));
  } catch (cause) {
    if (set !== undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') throw noSet(set, cause);
    throw new SetupError({ step: 'read', target: path, exit: 'failed', cause });
  }
}

function noSet(name: string, cause?: unknown): SetupError {
  return new SetupError({
    step: 'export',
    target: `set ${JSON.stringify(name)}`,
    problem: 'there is none with this name',
    next: 'See which there are with: packetlog rules list.',
    exit: 'not_found',
    cause,
  });
}
