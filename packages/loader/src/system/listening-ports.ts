/** The ports on which this machine accepts packets of any peer. */
import { readFileSync } from 'node:fs';
import { listeningSockets } from './listening-sockets.ts';

export interface Service {
  readonly ipProtocol: number;
  readonly port: number;
}

const TABLES = [
  ['tcp', 6],
  ['tcp6', 6],
  ['udp', 17],
  ['udp6', 17],
] as const;
/** A line of a socket that is bound to 127.0.0.0/8 or ::1: its packets arrive on no watched interface. */
const LOOPBACK = /^\s*\d+: (?:[0-9A-F]{6}7F|0{24}01000000):/;

/** Returns each port once, sorted. `procNet`: the directory of the tables; one that cannot be read counts as empty. */
export function listeningPorts(procNet: string): Service[] {
  const found = new Map<number, Service>();
  for (const [name, ipProtocol] of TABLES) {
    const lines = textOf(`${procNet}/${name}`).split('\n');
    const table = lines.filter((line) => !LOOPBACK.test(line)).join('\n');
    for (const { port } of listeningSockets(table, ipProtocol))
      found.set((ipProtocol << 16) | port, { ipProtocol, port });
  }
  return [...found].sort(([one], [other]) => one - other).map(([, service]) => service);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
