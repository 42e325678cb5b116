/** The command that replaces the launcher with the core: setpriv(1) drops root before Node.js starts. */
import type { User } from '../system/service-user.ts';

/** Names of setpriv(1). */
const KEPT = ['bpf', 'net_admin', 'perfmon'];

/**
 * Returns the options of setpriv(1) under which the core runs as `user`, with three capabilities. `locksMemory`: also
 * with CAP_IPC_LOCK. Pure.
 */
export function coreRights({ uid, gid }: User, locksMemory: boolean): string[] {
  const kept = [...KEPT, ...(locksMemory ? ['ipc_lock'] : [])].map((name) => `+${name}`).join(',');
  return [
    ...['--reuid', String(uid), '--regid', String(gid), '--clear-groups'],
    ...['--inh-caps', '--ambient-caps', '--bounding-set'].map((set) => `${set}=-all,${kept}`),
    '--no-new-privs',
  ];
}
