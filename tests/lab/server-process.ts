import { readdirSync, readFileSync } from 'node:fs';

/** Returns the pid of the server process of the loader with this pid. Throws if there is none. */
export function serverPidOf(loader: number): number {
  const [, server] = loaderPids(loader);
  if (server === undefined) throw new Error(`process ${loader} has no server process`);
  return server;
}

/** Returns the pids of a loader: its core, and its server process if there is one. */
export function loaderPids(core: number): number[] {
  // A helper starts the server of a loader that root started.
  const isOfCore = (pid: number | undefined) => pid === core || (pid !== undefined && parentOf(`${pid}`) === core);
  const isServer = (name: string) => commOf(name) === 'packetlog-serve' && isOfCore(parentOf(name));
  return [
    core,
    ...readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && isServer(name))
      .map(Number),
  ];
}

/** Returns the pids of the helpers of a loader that root started, and of the programs that they run; not its server. */
export function helperPids(core: number): number[] {
  const isHelper = (name: string): boolean => {
    const parent = parentOf(name);
    return parent !== undefined && parent > 1 && (parent === core || isHelper(`${parent}`));
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && commOf(name) !== 'packetlog-serve' && isHelper(name))
    .map(Number);
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
