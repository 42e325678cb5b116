/**
 * The user that the installed service runs as. Root's commands work on the service's files: they trust its directories,
 * and give it what they write there.
 */
import { fchownSync, lchownSync, readFileSync, statSync } from 'node:fs';

const NAME = 'packetlog';
const ROOT = 0;
/** SYS_UID_MAX of login.defs(5): a person's account of the same name is not the service's. */
const MAX_SYSTEM_UID = 999;

/** Returns the user id in the text of passwd(5); undefined if the user does not exist or is a person's account. */
export function serviceUserIn(passwd: string): number | undefined {
  for (const line of passwd.split('\n')) {
    const [name, , uid] = line.split(':');
    if (name !== NAME || uid === undefined || !/^\d+$/.test(uid)) continue;
    const number = Number(uid);
    return number > ROOT && number <= MAX_SYSTEM_UID ? number : undefined;
  }
  return undefined;
}

/** Returns the user id of the service; undefined if it is not installed. */
export function serviceUser(): number | undefined {
  try {
    return serviceUserIn(readFileSync('/etc/passwd', 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Gives a file that root has created to the owner of its directory, as the service must be able to read and replace it.
 * `file`: an open descriptor. Does nothing for other users, and in root's own directories. Throws the file system's
 * error.
 */
export function giveFileToOwner(file: number, directory: string): void {
  const owner = foreignOwner(directory);
  if (owner !== undefined) fchownSync(file, owner.uid, owner.gid);
}

/** Like `giveFileToOwner`, for a directory that root has created in `parent`. */
export function giveDirectoryToOwner(path: string, parent: string): void {
  const owner = foreignOwner(parent);
  if (owner !== undefined) lchownSync(path, owner.uid, owner.gid);
}

function foreignOwner(directory: string): { uid: number; gid: number } | undefined {
  if (process.geteuid?.() !== ROOT) return undefined;
  const { uid, gid } = statSync(directory);
  return uid === ROOT ? undefined : { uid, gid };
}
