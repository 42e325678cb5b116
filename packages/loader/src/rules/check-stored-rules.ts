/** Checks the rules on the disk as a start would, without putting them in force. */
import { Compiler } from './compiler/worker/compiler.ts';
import { cannotStart } from './engine/rejection-text.ts';
import type { Start } from './engine/start.ts';
import { validate } from './engine/validate.ts';
import { readOrFail } from './starting.ts';
import { RuleStore } from './store/rule-store.ts';
import type { StatePaths } from './store/state-directory.ts';

export interface StoredRulesReport {
  /** Number of rules that a start would put in force. */
  readonly rules: number;
  /** There is neither a rules file nor a copy. */
  readonly isNew: boolean;
  /** Why the rules in force would not be those of the file, as sentences. */
  readonly alarms: readonly string[];
}

/**
 * Reads and checks the rules, without the lockout guard, which needs the machine's connections at the start. Throws
 * SetupError if a start would fail.
 */
export async function checkStoredRules(paths: StatePaths): Promise<StoredRulesReport> {
  const compiler = new Compiler();
  try {
    const start = await readOrFail(new RuleStore(paths), compiler, paths);
    requireValid(start, paths.rules);
    const { base, edited, fileAlarm, lost, from } = start;
    return {
      rules: (edited ?? base).rules.length,
      isNew: from === 'nothing' && edited === undefined,
      alarms: [...(fileAlarm === undefined ? [] : [fileAlarm]), ...lost.map(({ message }) => message)],
    };
  } finally {
    await compiler.close();
  }
}

/** Later edits that are rejected leave the earlier rules in force; the first ones fail the start. */
function requireValid({ base, edited, from }: Start, rulesFile: string): void {
  if (edited === undefined || from !== 'nothing') return;
  try {
    validate(base, edited, new Set(), () => false);
  } catch (error) {
    throw cannotStart(rulesFile, error);
  }
}
