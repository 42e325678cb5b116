import { existsSync } from 'node:fs';

/** Names of the lab's namespaces: `plt-<pid of the creator>-<number>`. */
const LAB_NAME = /^plt-(\d+)-\d+$/;
const NAMESPACES = '/run/netns';

let made = 0;

export function newLabName(): string {
  let name: string;
  do name = `plt-${process.pid}-${++made}`;
  while (existsSync(`${NAMESPACES}/${name}`));
  return name;
}

/** Returns the name, or throws unless it is the lab's. Every function that changes or removes a namespace calls it. */
export function guardLabName(name: string): string {
  if (!LAB_NAME.test(name)) throw new Error(`cannot use ${JSON.stringify(name)}: not a namespace of the test lab`);
  return name;
}

/** Returns the process that created a namespace of the lab, undefined for any other name. */
export function makerOf(name: string): number | undefined {
  const pid = LAB_NAME.exec(name)?.[1];
  return pid === undefined ? undefined : Number(pid);
}
