/**
 * `packetlog bans undo`. Apart from the other commands: it imports no schemas, because loading them would take longer than all
 * the rest until the undo is in force.
 */
import type { BansRequest } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { StatePaths } from '../../rules/store/state-directory.ts';
import { terminalJson } from '../process/terminal-text.ts';
import { asked, type Print, rejected } from './ask-bans.ts';
import { undoneText } from './undone-text.ts';

const NUMBER = /^\d+$/;

export interface RequestedUndo {
  /** Number of a decision, or a source. */
  readonly which: string | undefined;
  readonly rule: number | undefined;
  readonly last: number | undefined;
  readonly never: boolean;
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
