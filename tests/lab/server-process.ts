import { readdirSync, readFileSync } from 'node:fs';

/** Returns the pid of the server process of the loader with this pid. Throws if there is none. */
export function serverPidOf(loader: number): number {
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name) && parentOf(name) === loader && commOf(name) === 'packetlog-serve') return Number(name);
  }
  throw new Error(`process ${loader} has no server process`);
}

function parentOf(pid: string): number | undefined {
  const parent = /^PPid:\s*(\d+)$/m.exec(textOf(`/proc/${pid}/status`))?.[1];
  return parent === undefined ? undefined : Number(parent);
}

const commOf = (pid: string): string => textOf(`/proc/${pid}/comm`).trim();

/** A process may end during the search. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
