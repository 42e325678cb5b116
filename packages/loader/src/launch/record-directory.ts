/** Gives the directory of `--record-dir` to the core's user. */
import { mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { SetupError } from '../errors/setup-error.ts';
import type { User } from '../system/service-user.ts';
import { giveDirectory } from './state-owner.ts';

/** The files that packetlog creates in the directory, also temporary ones. */
const OURS =
  /^(\d{8,15}\.(hot|rates|pairs|native\.(zst|gz)(\.tmp)?)|journal\.ndjson(\.tmp)?|progress\.json|bookmarks\.json(\.tmp|\.damaged)?)$/;
/** Of the file system that begins there. */
const LOST_AND_FOUND = 'lost+found';
const OTHERS_MAY_WRITE = 0o002;

/**
 * Creates the directory, and gives it to `user`. Returns a problem if that fails. Throws SetupError if it is used for
 * other things: the core would become the owner of, say, /tmp.
 */
export function giveRecordDirectory(path: string, user: User): string | undefined {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const directory = realpathSync(path);
    requireOwnDirectory(path, directory, user);
    giveDirectory(directory, user, (name) => OURS.test(name));
    return undefined;
  } catch (error) {
    if (error instanceof SetupError) throw error;
    return `${path} cannot be given to user ${user.uid}: ${(error as Error).message}`;
  }
}

function requireOwnDirectory(path: string, directory: string, { uid }: User): void {
  const { uid: owner, mode } = statSync(directory);
  if (owner === uid) return;
  const other = readdirSync(directory).find((name) => !OURS.test(name) && name !== LOST_AND_FOUND);
  const problem =
    (mode & OTHERS_MAY_WRITE) !== 0
      ? 'every user may write there'
      : other === undefined
        ? undefined
        : `it has another file, ${other}`;
  if (problem === undefined) return;
  const next = 'Use a directory for the packets alone, for example a new one in it.';
  throw new SetupError({ step: 'record to', target: path, problem, next, exit: 'usage' });
}
