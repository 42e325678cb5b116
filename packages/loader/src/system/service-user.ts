/**
 * The user that the installed service runs as. Root's commands work on the service's files: they trust its directories,
 * and write there with its rights.
 */
import { readFileSync, statSync } from 'node:fs';

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

/** Returns the user id of the service; undefined if it is not installed, or is not trusted. */
export type ServiceUser = () => number | undefined;

/** Returns the user id of the service; undefined if it is not installed. */
export function serviceUser(): number | undefined {
  try {
    return serviceUserIn(readFileSync('/etc/passwd', 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Runs `action` with the rights of the service's user if root works in a directory of that user; otherwise as it is. So
 * root cannot be led elsewhere by a link that this user put there, and what is created belongs to it. Synchronous: the
 * rights are those of the whole process meanwhile. Throws what `action` throws, and the file system's error.
 */
export function asOwnerOf<T>(directory: string, action: () => T, service: ServiceUser = serviceUser): T {
  const owner = serviceOwnerOf(directory, service);
  if (owner === undefined) return action();
  process.setegid?.(owner.gid);
  process.seteuid?.(owner.uid);
  try {
    return action();
  } finally {
    process.seteuid?.(ROOT);
    process.setegid?.(ROOT);
  }
}

function serviceOwnerOf(directory: string, service: ServiceUser): { uid: number; gid: number } | undefined {
  if (process.geteuid?.() !== ROOT) return undefined;
  const facts = statSync(directory, { throwIfNoEntry: false });
  return facts !== undefined && facts.uid !== ROOT && facts.uid === service() ? facts : undefined;
}
