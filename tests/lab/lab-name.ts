import { existsSync } from 'node:fs';

/** Every namespace of the lab is called `plt-<pid of its maker>-<number>`. */
const LAB_NAME = /^plt-(\d+)-\d+$/;
const NAMESPACES = '/run/netns';

let made = 0;

export function newLabName(): string {
  let name: string;
  do name = `plt-${process.pid}-${++made}`;
  while (existsSync(`${NAMESPACES}/${name}`));
  return name;
}

/** Throws unless the name is the lab's own: everything that changes or removes a namespace goes through here. */
export function guardLabName(name: string): string {
  if (!LAB_NAME.test(name))
    throw new Error(`refusing to touch ${JSON.stringify(name)}: not a namespace of the test lab`);
  return name;
}

/** The process that made a namespace of the lab, undefined for any other name. */
export function makerOf(name: string): number | undefined {
  const pid = LAB_NAME.exec(name)?.[1];
  return pid === undefined ? undefined : Number(pid);
}
