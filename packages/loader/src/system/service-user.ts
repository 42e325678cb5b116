/**
 * The user that the core runs as: that of the installed service, also for a loader that root starts. Root's commands
 * work on its files: they trust its directories, and write there with its rights.
 */
import { readFileSync, statSync } from 'node:fs';

const NAME = 'packetlog';
const ROOT = 0;
/** SYS_UID_MAX of login.defs(5): a person's account of the same name is not the service's. */
const MAX_SYSTEM_UID = 999;
/**
 * User and group of the core where the service is not installed. No account has it: distributions assign system users
 * below 1000 and people from 1000 to 60000; systemd leaves 65520 to 65533 unused; 65534 is the server's.
 */
const UNASSIGNED = 65_533;

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Returns the users in the text of passwd(5) that a core has or had: the system user `packetlog`, if there is one, and
 * the unassigned one, unless it is assigned. The first is that of new cores.
 */
export function coreUsersIn(passwd: string): User[] {
  let isAssigned = false;
  let system: User | undefined;
  for (const line of passwd.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (uid === undefined || gid === undefined || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) continue;
    const number = Number(uid);
    if (name === NAME && number > ROOT && number <= MAX_SYSTEM_UID && Number(gid) > ROOT) {
      system ??= { uid: number, gid: Number(gid) };
    }
    if (number === UNASSIGNED) isAssigned = true;
  }
  return [...(system ? [system] : []), ...(isAssigned ? [] : [{ uid: UNASSIGNED, gid: UNASSIGNED }])];
}

function coreUsers(): User[] {
  try {
    return coreUsersIn(readFileSync('/etc/passwd', 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? coreUsersIn('') : [];
  }
}

/** Returns the user of the core when root starts it; undefined if there is none. */
export function coreUser(): User | undefined {
  return coreUsers()[0];
}

/** Returns the user ids of cores, which root trusts. */
export type ServiceUsers = () => readonly number[];

/** Two where a loader of root ran before the service was installed. */
export function serviceUsers(): number[] {
  return coreUsers().map(({ uid }) => uid);
}

/** Returns the user ids whose files a core of `user` takes over: root's, and that of earlier cores. */
export function formerOwners({ uid }: User): number[] {
  return [ROOT, ...serviceUsers().filter((each) => each !== uid)];
}

/**
 * Runs `action` with the rights of the core's user if root works in a directory of that user; otherwise as it is. So
 * root cannot be led elsewhere by a link that this user put there, and what is created belongs to it. Synchronous: the
 * rights are those of the whole process meanwhile. Throws what `action` throws, and the file system's error.
 */
export function asOwnerOf<T>(directory: string, action: () => T, service: ServiceUsers = serviceUsers): T {
  if (assumed !== undefined) {
    const former = assumed;
    return asRoot(() => asOwnerOf(directory, action, service), former);
  }
  const owner = serviceOwnerOf(directory, service);
  return owner === undefined ? action() : asUser(owner, action);
}

/** The user whose rights root has assumed; undefined: none. */
let assumed: User | undefined;

/** Runs `action` with the rights of `user`. Synchronous, as `asOwnerOf`; only for root. */
export function asUser<T>(user: User, action: () => T): T {
  assume(user);
  try {
    return action();
  } finally {
    returnToRoot();
  }
}

/** Runs `action` with root's rights inside of `asUser` for `user`: another directory has another owner. */
function asRoot<T>(action: () => T, user: User): T {
  returnToRoot();
  try {
    return action();
  } finally {
    assume(user);
  }
}

function assume(user: User): void {
  process.setegid?.(user.gid);
  process.seteuid?.(user.uid);
  assumed = user;
}

function returnToRoot(): void {
  process.seteuid?.(ROOT);
  process.setegid?.(ROOT);
  assumed = undefined;
}

/** Returns the owner of a directory if this process is root and the owner a core's user; otherwise undefined. */
export function serviceOwnerOf(directory: string, service: ServiceUsers): User | undefined {
  if (process.geteuid?.() !== ROOT) return undefined;
  const facts = statSync(directory, { throwIfNoEntry: false });
  return facts !== undefined && facts.uid !== ROOT && service().includes(facts.uid) ? facts : undefined;
}
