/** `packetlog limits top`: asks the running loader for the levels of its limits, and prints them. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LimitLevels, LimitsTopRequest, Rejection, RulesError, RulesSnapshot } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { ControlClient, NoLoaderError } from '../../rules/control/control-client.ts';
import { checkStateDirectory, type StatePaths } from '../../rules/store/state-directory.ts';
import { printableName } from '../../system/interface-name.ts';
import { CLEAR_SCREEN } from '../process/clear-screen.ts';
import { say } from '../process/say.ts';
import { terminalJson } from '../process/terminal-text.ts';
import { unreachable } from '../process/unreachable.ts';
import { levelsText } from './levels-text.ts';

const WATCH_MS = 1000;
const COMMAND = 'packetlog limits top';

interface Output {
  readonly json: boolean;
  /** Print again each second, until the loader ends or the output closes. */
  readonly watch: boolean;
  readonly isTerminal: boolean;
}

/** Resolves with the exit code. Throws SetupError if no loader answers. */
export async function topOfLimits(
  paths: StatePaths,
  request: LimitsTopRequest,
  { json, watch, isTerminal }: Output,
  print: (text: string) => void,
): Promise<number> {
  checkStateDirectory(paths);
  for (;;) {
    const answer = await asked(paths, request);
    if ('error' in answer) {
      if (json) print(`${terminalJson({ error: answer.error })}\n`);
      else say(`packetlog: ${printableName(answer.error.message)}`, 'error');
      return answer.error.code === 'invalid' ? EXIT.usage : EXIT.failed;
    }
    const { levels, rules } = answer;
    const text = json ? terminalJson(levels) : levelsText(levels, rules, Date.now()).map(printableName).join('\n');
    print(`${watch && !json && isTerminal ? CLEAR_SCREEN : ''}${text}\n`);
    if (!watch) return EXIT.ok;
    await delay(WATCH_MS);
  }
}

type Answer =
  | { readonly levels: LimitLevels; readonly rules: RulesSnapshot['rules'] }
  | { readonly error: Rejection | RulesError };

async function asked({ controlSocket }: StatePaths, request: LimitsTopRequest): Promise<Answer> {
  const client = new ControlClient(controlSocket, { user: 'root' });
  try {
    const levels = await client.limits(request);
    if (!levels.ok) {
      // A loader of an earlier version does not know the request itself.
      if (levels.error.message.startsWith('Use POST /rules')) throw unreachable(controlSocket, undefined, COMMAND);
      return { error: levels.error };
    }
    const rules = await client.ask('list', {});
    return rules.ok ? { levels: levels.value, rules: rules.value.rules } : { error: rules.error };
  } catch (cause) {
    if (cause instanceof SetupError) throw cause;
    if (!(cause instanceof NoLoaderError)) throw unreachable(controlSocket, cause, COMMAND);
    throw new SetupError({
      step: 'read levels from',
      target: controlSocket,
      problem: 'packetlog is not running',
      next: 'Start it: systemctl start packetlog, or packetlog run.',
      exit: 'failed',
      cause,
    });
  }
}
