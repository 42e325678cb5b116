/** `packetlog alerts`: asks the running loader, and prints the answer. */
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { AlertAnswer, AlertRequest, AlertResults, AlertVerb } from '../../ipc/alerts/alerts-access.ts';
import { ControlClient, NoLoaderError } from '../../rules/control/control-client.ts';
import { checkStateDirectory, type StatePaths } from '../../rules/store/state-directory.ts';
import { printableName } from '../../system/interface-name.ts';
import { exitCodeOf } from '../process/exit-code-of.ts';
import { say } from '../process/say.ts';
import { terminalJson } from '../process/terminal-text.ts';
import { unreachable } from '../process/unreachable.ts';
import { addedText, historyText, listText, testText } from './alerts-text.ts';

type Print = (text: string) => void;

const COMMAND = 'packetlog alerts …';

export async function addAlert(
  paths: StatePaths,
  request: AlertRequest<'add'>,
  json: boolean,
  print: Print,
): Promise<number> {
  return printed(await asked(paths, 'add', request), json, print, addedText);
}

export async function listAlerts(paths: StatePaths, json: boolean, print: Print): Promise<number> {
  return printed(await asked(paths, 'list', {}), json, print, (value) => listText(value, Date.now()));
}

export async function removeAlerts(paths: StatePaths, names: string[], json: boolean, print: Print): Promise<number> {
  return printed(await asked(paths, 'remove', { names }), json, print, ({ removed }) =>
    removed.map((name) => `Alert ${name} was removed.`),
  );
}

/** Resolves with `failed` also if the target did not accept the message. */
export async function testAlert(paths: StatePaths, name: string, json: boolean, print: Print): Promise<number> {
  const answer = await asked(paths, 'test', { name });
  const code = printed(answer, json, print, testText);
  return answer.ok && !answer.value.was_accepted ? EXIT.failed : code;
}

export async function alertHistory(paths: StatePaths, json: boolean, print: Print): Promise<number> {
  return printed(await asked(paths, 'history', {}), json, print, ({ entries }) => historyText(entries));
}

function printed<Verb extends AlertVerb>(
  answer: AlertAnswer<Verb>,
  json: boolean,
  print: Print,
  text: (value: AlertResults[Verb]) => readonly string[],
): number {
  if (!answer.ok) {
    if (json) print(`${terminalJson({ error: answer.error })}\n`);
    else say(`packetlog: ${printableName(answer.error.message)}`, 'error');
    return exitCodeOf(answer.error);
  }
  const lines = json ? [terminalJson(answer.value)] : text(answer.value).map(printableName);
  print(lines.map((line) => `${line}\n`).join(''));
  return EXIT.ok;
}

/** Throws SetupError if no loader answers. */
async function asked<Verb extends AlertVerb>(
  paths: StatePaths,
  verb: Verb,
  request: AlertRequest<Verb>,
): Promise<AlertAnswer<Verb>> {
  checkStateDirectory(paths);
  let answer: AlertAnswer<Verb>;
  try {
    answer = await new ControlClient(paths.controlSocket, { user: 'root' }).alerts(verb, request);
  } catch (cause) {
    if (!(cause instanceof NoLoaderError)) throw unreachable(paths.controlSocket, cause, COMMAND);
    throw new SetupError({
      step: 'ask about alerts at',
      target: paths.controlSocket,
      problem: 'packetlog is not running',
      next: 'Start it: systemctl start packetlog, or packetlog run.',
      exit: 'failed',
      cause,
    });
  }
  // A loader of an earlier version does not know the request itself.
  const isUnknown = !answer.ok && answer.error.message.startsWith('Use POST /rules');
  if (isUnknown) throw unreachable(paths.controlSocket, undefined, COMMAND);
  return answer;
}
