/**
 * The command that starts the server process without rights: setpriv(1) drops them before Node.js starts, so no thread
 * ever has them. The process gets its program and its runtime as open files: it needs no access to their directories,
 * which may be below a home that only root can enter.
 */
import { accessSync, constants, readFileSync } from 'node:fs';
import { SetupError } from '../errors/setup-error.ts';

/** Bits of capabilities(7). */
const CAP_SETGID = 6n;
const CAP_SETUID = 7n;
const CAP_SETPCAP = 8n;
const SERVER_USER = 'packetlog-server';
/** User and group that own no file: overflowuid and overflowgid of proc_sys_kernel(5). */
const UNPRIVILEGED = { uid: 65534, gid: 65534 };
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv', '/usr/sbin/setpriv'];

export interface Privileges {
  readonly uid: number;
  /** Effective capabilities as a bit set. */
  readonly effective: bigint;
}

/** Returns the privileges of this process. */
export function ownPrivileges(): Privileges {
  const status = readFileSync('/proc/self/status', 'utf8');
  const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return { uid: process.geteuid?.() ?? UNPRIVILEGED.uid, effective: BigInt(`0x${hex}`) };
}

/** Returns user and group of the server in the text of passwd(5): those of `packetlog-server`, else the ones that own no file. Pure. */
export function serverUserIn(passwd: string): { uid: number; gid: number } {
  for (const line of passwd.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === SERVER_USER && Number(uid) > 0 && Number(gid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  return UNPRIVILEGED;
}

function has({ effective }: Privileges, capability: bigint): boolean {
  return ((effective >> capability) & 1n) === 1n;
}

/** Returns whether a server that a process with `privileges` starts runs as another user. Pure. */
export function switchesUser(privileges: Privileges): boolean {
  return privileges.uid === 0 && has(privileges, CAP_SETUID) && has(privileges, CAP_SETGID);
}

/** Returns the options of setpriv(1) that drop what a process with `privileges` has. Pure. */
export function dropOptions(privileges: Privileges, user: { uid: number; gid: number }): string[] {
  return [
    ...(switchesUser(privileges) ? ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'] : []),
    '--inh-caps=-all',
    '--ambient-caps=-all',
    ...(has(privileges, CAP_SETPCAP) ? ['--bounding-set=-all'] : []),
    '--no-new-privs',
    // The server must not outlive a core that was killed.
    '--pdeathsig',
    'KILL',
  ];
}

/** Returns the path of setpriv(1). Throws SetupError if it is not installed. */
export function setprivPath(): string {
  for (const path of SETPRIV) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Try the next one.
    }
  }
  throw new SetupError({
    step: 'start',
    target: 'server process',
    problem: 'setpriv(1) is missing, which drops its rights',
    next: 'Install util-linux, or use --listen off.',
    exit: 'unsupported',
  });
}

export function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}
