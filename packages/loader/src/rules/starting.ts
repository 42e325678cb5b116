/** Fails a start whose rules cannot be put in force: capturing as if they were would mislead. */
import { SetupError } from '../errors/setup-error.ts';
import type { Compiler } from './compiler/worker/compiler.ts';
import { cannotEnforce, cannotStart } from './engine/rejection-text.ts';
import type { RulesService } from './engine/rules-service.ts';
import { readStart, type Start } from './engine/start.ts';
import type { RuleStore } from './store/rule-store.ts';
import { RulesFileError } from './store/rules-document.ts';
import type { StatePaths } from './store/state-directory.ts';

/** Reads the rules on the disk. Throws SetupError if there are rules, but none that can be used. */
export async function readOrFail(store: RuleStore, compiler: Compiler, paths: StatePaths): Promise<Start> {
  try {
    return await readStart(store, compiler, paths);
  } catch (cause) {
    if (!(cause instanceof RulesFileError)) throw cause;
    throw new SetupError({
      step: 'read rules',
      target: paths.rules,
      problem: cause.message.replace(/\.$/, ''),
      next: 'Repair it; to begin without rules, remove it and the last good copy.',
      exit: 'usage',
      cause,
    });
  }
}

/**
 * Puts the rules in force. Throws SetupError if the kernel rejects them, or if the edit is rejected and no earlier
 * rules were in force.
 */
export async function beginOrFail(service: RulesService, start: Start, rulesFile: string): Promise<void> {
  try {
    await service.begin(start);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof SetupError ? error.cause : error;
    if (cause instanceof SetupError) throw cannotEnforce(rulesFile, cause);
    throw cannotStart(rulesFile, error);
  }
}
