/** Finds the directory of recorded packets for commands that read it. */
import { existsSync, opendirSync } from 'node:fs';
import { join } from 'node:path';
import { privilegeAdvice } from '../../errors/privilege.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { ControlClient, NoLoaderError } from '../../rules/control/control-client.ts';
import { checkStateDirectory, type StatePaths, statePaths } from '../../rules/store/state-directory.ts';
import { say } from './say.ts';

/** Directory in the state directory. */
const RECORD = 'record';
/** These commands must also work beside a loader that hangs. */
const ANSWER_MS = 2000;
const DENIED: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);

/**
 * Resolves with the directory of the segments: `given`, the value of `--dir`; otherwise the `--record-dir` of the running
 * loader; otherwise `record` in the state directory. Rejects with SetupError if it does not exist or cannot be read.
 */
export async function recordDirectory(
  given: string | undefined,
  paths: StatePaths = statePaths(process.env),
): Promise<string> {
  const ofLoader = given === undefined ? await directoryOfLoader(paths) : undefined;
  const directory = given ?? ofLoader ?? join(paths.directory, RECORD);
  const named = ofLoader === undefined ? '' : 'the running packetlog records there, but ';
  if (!existsSync(directory)) {
    throw unreadable(directory, {
      problem: `${named}there is no such directory, or this user may not see it`,
      next: 'Name the directory with --dir, or run as root.',
      exit: 'usage',
    });
  }
  try {
    opendirSync(directory).closeSync();
  } catch (cause) {
    if (!DENIED.has((cause as NodeJS.ErrnoException).code)) throw cause;
    const problem = `${named}this user may not read it`;
    throw unreadable(directory, { problem, next: privilegeAdvice({ command: 'the command' }), exit: 'privilege' });
  }
  return directory;
}

/** Resolves with undefined if no loader runs, it has no `--record-dir`, or this user may not ask it. */
async function directoryOfLoader(paths: StatePaths): Promise<string | undefined> {
  // Without the right to search the state directory, it is as if there were no socket.
  if (!existsSync(paths.controlSocket)) return undefined;
  checkStateDirectory(paths);
  try {
    return await new ControlClient(paths.controlSocket, { user: 'root' }).recordDirectory(ANSWER_MS);
  } catch (error) {
    if (error instanceof NoLoaderError || DENIED.has((error as NodeJS.ErrnoException).code)) return undefined;
    const why = error instanceof Error ? error.message : String(error);
    say(
      `packetlog: ask the loader for its --record-dir: ${why}. The default directory is read; name another with --dir.`,
    );
    return undefined;
  }
}

function unreadable(
  target: string,
  facts: { readonly problem: string; readonly next: string; readonly exit: 'usage' | 'privilege' },
): SetupError {
  return new SetupError({ step: 'read segments in', target, ...facts });
}
