/** What `packetlog rules dry-run` evaluates: the rules of a file, or one rule of the command line. */
import type { RulesRequest } from '@packetlog/common';
import { SetupError } from '../../errors/setup-error.ts';
import { draftsOf } from './add-rule.ts';
import { dryRunRequest } from './dry-run-request.ts';
import { readInput } from './read-input.ts';

/** `args`: the file, if one was given. Throws SetupError. */
export async function requestedDryRun(
  [file]: readonly string[],
  options: Record<string, unknown>,
  seconds: number,
): Promise<RulesRequest<'test'>> {
  const rule = options['add'] as string | undefined;
  if (rule === undefined && file !== undefined) return dryRunRequest(await readInput(file), file, seconds);
  if (rule === undefined || file !== undefined) throw oneOfBoth();
  const drafts = draftsOf(rule, undefined, {});
  const [only] = drafts;
  if (only === undefined || drafts.length > 1) {
    const problem = only === undefined ? 'it is empty' : 'it has several lines';
    throw new SetupError({ step: 'dry-run', target: '--add', problem, next: 'Write one rule.', exit: 'usage' });
  }
  return { add: only.draft, seconds };
}

function oneOfBoth(): SetupError {
  return new SetupError({
    step: 'dry-run',
    target: 'rules',
    problem: 'a file or --add says which rules to evaluate, not both',
    next: "Write a file, or a rule such as --add 'deny 203.0.113.0/24 --port 22'.",
    exit: 'usage',
  });
}
