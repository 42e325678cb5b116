/** `packetlog bans`: asks the running loader, or reads what one that ended has stored. */
import {
  type Ban,
  type BansAnswer,
  type BansRequest,
  type BansVerb,
  MAX_BANS_AT_ONCE,
  type RulesError,
} from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { ControlClient, NoLoaderError } from '../../rules/control/control-client.ts';
import { checkStateDirectory, type StatePaths } from '../../rules/store/state-directory.ts';
import { printableName } from '../../system/interface-name.ts';
import { commandUser } from '../process/command-user.ts';
import { say } from '../process/say.ts';
import { terminalJson } from '../process/terminal-text.ts';
import { unreachable } from '../process/unreachable.ts';
import { exitCodeOf } from '../rules/printer.ts';
import { bansText, decisionLines, undoneText } from './bans-text.ts';
import { StoredBansApi } from './stored-bans.ts';

type Print = (text: string) => void;

const COMMAND = 'packetlog bans …';
/** Decisions about one source that are printed. */
const MAX_EXPLAINED = 10;
const NUMBER = /^\d+$/;

export interface RequestedUndo {
  /** Number of a decision, or a source. */
  readonly which: string | undefined;
  readonly rule: number | undefined;
  readonly last: number | undefined;
  readonly never: boolean;
}

export async function listBans(
  paths: StatePaths,
  source: string | undefined,
  json: boolean,
  print: Print,
): Promise<number> {
  const answer = await asked(paths, 'list', source === undefined ? {} : { source });
  if (!answer.ok) return rejected(answer.error, json, print);
  const lines = json ? answer.value.bans.map(terminalJson) : bansText(answer.value, Date.now()).map(printableName);
  print(lines.map((line) => `${line}\n`).join(''));
  return EXIT.ok;
}

export async function explainBans(paths: StatePaths, which: string, json: boolean, print: Print): Promise<number> {
  const request = NUMBER.test(which) ? { id: Number(which) } : { source: which, limit: MAX_EXPLAINED };
  const answer = await asked(paths, 'decisions', request);
  if (!answer.ok) return rejected(answer.error, json, print);
  const { decisions } = answer.value;
  if (decisions.length === 0) {
    const message = NUMBER.test(which)
      ? `There is no decision ${which}: it is older than 90 days, or there was none. See: packetlog bans list.`
      : `There is no decision about ${which} of the last 90 days.`;
    return rejected({ code: 'not_found', message }, json, print);
  }
  const lines = json ? decisions.map(terminalJson) : decisionLines(decisions, Date.now()).map(printableName);
  print(lines.map((line) => `${line}\n`).join(''));
  return EXIT.ok;
}

export async function undoBans(
  paths: StatePaths,
  requested: RequestedUndo,
  json: boolean,
  print: Print,
): Promise<number> {
  const answer = await asked(paths, 'undo', undoRequest(requested));
  if (!answer.ok) return rejected(answer.error, json, print);
  const lines = json ? [terminalJson(answer.value)] : undoneText(answer.value);
  print(lines.map((line) => `${line}\n`).join(''));
  return EXIT.ok;
}

export async function exportBans(paths: StatePaths, format: 'text' | 'json', print: Print): Promise<number> {
  for (let before: number | undefined; ; ) {
    const answer = await asked(paths, 'list', before === undefined ? {} : { before_decision: before });
    if (!answer.ok) return rejected(answer.error, format === 'json', print);
    const { bans } = answer.value;
    print(bans.map((ban) => `${format === 'json' ? terminalJson(exported(ban)) : ban.source}\n`).join(''));
    if (bans.length < MAX_BANS_AT_ONCE) return EXIT.ok;
    before = bans.at(-1)?.decision;
  }
}

function exported({ source, ends_at_ms, decision }: Ban): object {
  return { source, ends_at: new Date(ends_at_ms).toISOString(), decision };
}

/** Throws SetupError unless exactly one way to choose bans is given. */
function undoRequest({ which, rule, last, never }: RequestedUndo): BansRequest<'undo'> {
  const chosen = [which, rule, last].filter((each) => each !== undefined).length;
  if (chosen !== 1) {
    throw new SetupError({
      step: 'undo',
      target: 'bans',
      problem: chosen === 0 ? 'no ban is named' : 'more than one choice is given',
      next: 'Give the number of a ban, a source, --rule ID, or --last 10m. See: packetlog bans list.',
      exit: 'usage',
    });
  }
  if (last !== undefined && never) {
    throw new SetupError({
      step: 'undo',
      target: 'bans',
      problem: '--never does not go with --last',
      next: 'Name the source: packetlog bans undo 203.0.113.7 --never.',
      exit: 'usage',
    });
  }
  const chosenBans =
    rule !== undefined
      ? { limit_rule: rule }
      : last !== undefined
        ? { last_ms: last }
        : NUMBER.test(which ?? '')
          ? { id: Number(which) }
          : { source: which };
  return { ...chosenBans, ...(never && { never }) };
}

function rejected(error: RulesError, json: boolean, print: Print): number {
  if (json) print(`${terminalJson({ error })}\n`);
  else say(`packetlog: ${printableName(error.message)}`, 'error');
  return exitCodeOf(error);
}

/** Throws SetupError if no loader answers that is needed. */
async function asked<Verb extends BansVerb>(
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
    if (verb !== 'undo') return new StoredBansApi(paths).ask(verb, request);
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
