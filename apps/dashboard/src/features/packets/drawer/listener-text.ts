import type { Listener } from '@packetlog/common';

/** Returns a name from outside without characters that could reorder or cover other text. */
export function plainName(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 253);
}

/** Names the listeners: 'nginx (pid 812) listens on this port.' */
export function listenerText(listeners: readonly Listener[], ip_protocol: number, port: number): string {
  const here = listeners.filter((each) => each.ip_protocol === ip_protocol && each.port === port);
  if (here.length === 0) return 'No process on that machine listens on this port.';
  const processes = new Map<string, number[]>();
  for (const { process, pid } of here) processes.set(process, [...(processes.get(process) ?? []), pid]);
  const names = [...processes].map(([process, pids]) => `${plainName(process)} (${pidText(pids)})`);
  return `${names.join(', ')} ${here.length === 1 ? 'listens' : 'listen'} on this port.`;
}

const MAX_PIDS = 3;

function pidText(pids: readonly number[]): string {
  if (pids.length > MAX_PIDS) return `${pids.length} processes`;
  return `${pids.length === 1 ? 'pid' : 'pids'} ${pids.join(', ')}`;
}
