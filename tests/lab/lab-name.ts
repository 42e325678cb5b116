import { existsSync, statSync } from 'node:fs';

/**
 * Names of the lab's namespaces: `plt-<maker>-<number>`. The maker is a pid, and the inode of its PID namespace: tests in
 * another one see the same network namespaces, but not the process.
 */
const LAB_NAME = /^plt-(\d+)\.(\d+)-\d+$/;
const PID_NAMESPACE = statSync('/proc/self/ns/pid').ino;
/** This process, in names of what it makes. */
export const MAKER = `${process.pid}.${PID_NAMESPACE}`;
const NAMESPACES = '/run/netns';

let made = 0;

export function newLabName(): string {
  let name: string;
  do name = `plt-${MAKER}-${++made}`;
  while (existsSync(`${NAMESPACES}/${name}`));
  return name;
}

/** Returns the name, or throws unless it is the lab's. Every function that changes or removes a namespace calls it. */
export function guardLabName(name: string): string {
  if (!LAB_NAME.test(name)) throw new Error(`cannot use ${JSON.stringify(name)}: not a namespace of the test lab`);
  return name;
}

/** Returns the process that created a namespace of the lab; undefined for another name, or another PID namespace. */
export function makerOf(name: string): number | undefined {
  const [, pid, pidNamespace] = LAB_NAME.exec(name) ?? [];
  return pid === undefined || Number(pidNamespace) !== PID_NAMESPACE ? undefined : Number(pid);
}
