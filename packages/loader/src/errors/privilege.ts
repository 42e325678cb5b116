/** What to do when the kernel says EPERM or EACCES, by who this process is. */
import { readFileSync } from 'node:fs';

export interface Identity {
  /** Effective. */
  uid: number;
  /** /proc/self/uid_map (user_namespaces(7)); empty where there are no user namespaces. */
  uidMap: string;
}

function identity(): Identity {
  return { uid: process.geteuid?.() ?? 0, uidMap: readUidMap() };
}

function readUidMap(): string {
  try {
    return readFileSync('/proc/self/uid_map', 'utf8');
  } catch {
    return '';
  }
}

/**
 * Whether this is a user namespace below the machine's own, whose root has no power over the machine: "0 0 4294967295"
 * maps all users to themselves.
 */
function isUserNamespace(uidMap: string): boolean {
  return uidMap.trim() !== '' && !/^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}

/** Root's files may belong to an unknown user here, and nothing can be loaded. */
export function isInUserNamespace(): boolean {
  return isUserNamespace(readUidMap());
}

/** A sentence. `needs`: what a process that is not root would need instead; `command`: what to run as root. */
export function privilegeAdvice(
  { needs, command = 'packetlog …' }: { needs?: string; command?: string } = {},
  { uid, uidMap }: Identity = identity(),
): string {
  if (isUserNamespace(uidMap)) {
    return 'This user namespace has no power over the machine, also as its root: run packetlog as root of the machine (no rootless container, no unshare --user).';
  }
  if (uid !== 0)
    return needs === undefined ? `Be root: sudo ${command}.` : `Run as root (sudo ${command}), or with ${needs}.`;
  const lacking = needs === undefined ? 'a capability' : `one of ${needs}`;
  return `This is root, but ${lacking} is missing (capsh --print), or a security module forbids it.`;
}
