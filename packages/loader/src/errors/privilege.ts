/** Advice for EPERM and EACCES, depending on the identity of this process. */
import { readFileSync } from 'node:fs';

export interface Identity {
  /** Effective user id. */
  uid: number;
  /** Text of /proc/self/uid_map (user_namespaces(7)); empty where there are no user namespaces. */
  uidMap: string;
}

export function ownIdentity(): Identity {
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
 * Returns whether this map is that of a nested user namespace, whose root has no privileges on the machine: "0 0
 * 4294967295" maps all users to themselves, as in the initial namespace.
 */
export function isUserNamespace(uidMap: string): boolean {
  return uidMap.trim() !== '' && !/^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}

/**
 * Returns whether this process is in a user namespace: root's files may belong to an unknown user here, and no program
 * can be loaded.
 */
export function isInUserNamespace(): boolean {
  return isUserNamespace(readUidMap());
}

/**
 * Returns a sentence of advice. `needs`: capabilities that a process needs if it is not root; `command`: what to run as
 * root.
 */
export function privilegeAdvice(
  { needs, command = 'packetlog …' }: { needs?: string; command?: string } = {},
  { uid, uidMap }: Identity = ownIdentity(),
): string {
  if (isUserNamespace(uidMap)) {
    return 'Root of this user namespace has no privileges on the machine: run packetlog as root of the machine, outside rootless containers and unshare --user.';
  }
  if (uid !== 0)
    return needs === undefined ? `Run as root: sudo ${command}.` : `Run as root (sudo ${command}), or with ${needs}.`;
  const lacking = needs === undefined ? 'a capability' : `one of ${needs}`;
  return `This process runs as root, but ${lacking} is missing (capsh --print), or a security module forbids it.`;
}
