/** The command that replaces the launcher with the core: setpriv(1) drops root before Node.js starts. */
import type { User } from '../system/service-user.ts';

/** Names of setpriv(1). */
const KEPT = ['bpf', 'net_admin', 'perfmon'];

export interface CoreNeeds {
  /** The core also has CAP_IPC_LOCK. */
  readonly locksMemory: boolean;
  /** The kernel removes this signal when the user changes, so setpriv(1) sets it again: util-linux 2.34 or later. */
  readonly hasDeathSignal: boolean;
}

/** Returns the options of setpriv(1) under which the core runs as `user`, with three capabilities. Pure. */
export function coreRights({ uid, gid }: User, { locksMemory, hasDeathSignal }: CoreNeeds): string[] {
  const kept = [...KEPT, ...(locksMemory ? ['ipc_lock'] : [])].map((name) => `+${name}`).join(',');
  return [
    ...['--reuid', String(uid), '--regid', String(gid), '--clear-groups'],
    ...['--inh-caps', '--ambient-caps', '--bounding-set'].map((set) => `${set}=-all,${kept}`),
    '--no-new-privs',
    ...(hasDeathSignal ? ['--pdeathsig', 'keep'] : []),
  ];
}
