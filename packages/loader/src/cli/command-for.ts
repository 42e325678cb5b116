/** Loads the definition of one command where the arguments name it: all of them take longer to load than most commands run. */
import type { Command } from 'commander';
import { emptyProgram } from './empty-program.ts';

type Done = (code: number) => void;
type Add = (program: Command, done: Done) => void;

const ADD = new Map<string, () => Promise<Add>>([
  ['alerts', async () => (await import('./alerts/alerts-command.ts')).addAlertsCommand],
  ['bans', async () => (await import('./bans/bans-command.ts')).addBansCommand],
  ['bookmarks', async () => (await import('./bookmarks/bookmarks-command.ts')).addBookmarksCommand],
  ['forget', async () => (await import('./forget/forget-command.ts')).addForgetCommand],
  ['limits', async () => (await import('./limits/limits-command.ts')).addLimitsCommand],
  ['query', async () => (await import('./query/query-command.ts')).addQueryCommand],
  ['replay', async () => (await import('./replay-command.ts')).addReplayCommand],
  ['rules', async () => (await import('./rules/rules-command.ts')).addRulesCommand],
  ['segments', async () => (await import('./segments/segments-command.ts')).addSegmentsCommand],
]);

/** Names of the commands that are loaded alone. */
export const LOADED_ALONE: ReadonlySet<string> = new Set(ADD.keys());

/** Returns a program that has the command named by the first argument, or all commands. `done` gets its exit code. */
export async function commandFor([name = '']: readonly string[], done: Done): Promise<Command> {
  const add = ADD.get(name);
  if (add === undefined) return (await import('./command-line.ts')).packetlogCommand(done);
  const program = emptyProgram();
  (await add())(program, done);
  return program;
}
