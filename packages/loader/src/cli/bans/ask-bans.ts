/** Asks the running loader about bans, or reads what one that ended has stored. */
import type { BansAnswer, BansRequest, BansVerb, RulesError } from '@packetlog/common';
import { SetupError } from '../../errors/setup-error.ts';
import { ControlClient, NoLoaderError } from '../../rules/control/control-client.ts';
import { checkStateDirectory, type StatePaths } from '../../rules/store/state-directory.ts';
import { printableName } from '../../system/interface-name.ts';
import { commandUser } from '../process/command-user.ts';
import { exitCodeOf } from '../process/exit-code-of.ts';
import { say } from '../process/say.ts';
import { terminalJson } from '../process/terminal-text.ts';
import { unreachable } from '../process/unreachable.ts';

const COMMAND = 'packetlog bans …';

export type Print = (text: string) => void;

/** Prints why a request was rejected, and returns the exit code. */
export function rejected(error: RulesError, json: boolean, print: Print): number {
  if (json) print(`${terminalJson({ error })}\n`);
  else say(`packetlog: ${printableName(error.message)}`, 'error');
  return exitCodeOf(error);
}

/** Throws SetupError if no loader answers that is needed. */
export async function asked<Verb extends BansVerb>(
  paths: StatePaths,
  verb: Verb,
  request: BansRequest<Verb>,
): Promise<BansAnswer<Verb>> {
  checkStateDirectory(paths);
  let answer: BansAnswer<Verb>;
  try {
    answer = await new ControlClient(paths.controlSocket, commandUser(process.env)).bans(verb, request);
  } catch (cause) {
    if (!(cause instanceof NoLoaderError)) throw unreachable(paths.controlSocket, cause, COMMAND);
    if (verb !== 'undo') return new (await import('./stored-bans.ts')).StoredBansApi(paths).ask(verb, request);
    throw new SetupError({
      step: 'undo bans at',
      target: paths.controlSocket,
      problem: 'packetlog is not running',
      next: 'Start it: systemctl start packetlog, or packetlog run. Bans in the kernel end at their time.',
      exit: 'failed',
      cause,
    });
  }
  // A loader of an earlier version does not know the request itself.
  const isUnknown = !answer.ok && answer.error.message.startsWith('Use POST /rules');
  if (isUnknown) throw unreachable(paths.controlSocket, undefined, COMMAND);
  return answer;
}
