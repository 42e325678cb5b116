// @ts-check
/** Core and server as the units of deploy/systemd start them: each with its user, in its directories. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PACKETLOG } from './loader.mjs';
import { SETPRIV } from './setpriv.mjs';

/** Users of guest/passwd. */
export const CORE_USER = 901;
export const SERVER_USER = 902;
export const ORIGIN = '127.0.0.1:7411';
export const TOKENS = { token: 'a-token-of-the-kernel-tests', adminToken: 'an-admin-token-of-the-kernel-tests' };

const BPFFS = '/run/packetlog/bpf';
const RUNTIME = '/run/packetlog-server';
const SOCKET = join(RUNTIME, 'socket');
const SERVER_SERVICE = join(dirname(dirname(PACKETLOG)), 'dist/supervisor/server-service.js');

/** @param {number} user @param {string} groups @param {string} capabilities such as `,+bpf` */
function asUser(user, groups, capabilities) {
  const sets = ['--bounding-set', '--inh-caps', '--ambient-caps'].map((set) => `${set}=-all${capabilities}`);
  return [SETPRIV, '--reuid', `${user}`, '--regid', `${user}`, groups, '--no-new-privs', ...sets];
}

/** Words in front of the core's command. @param {string} memlock limit in KiB, or `unlimited` as in the unit */
export const asCore = (memlock) => [
  ...['sh', '-c', `ulimit -l ${memlock} 2>/dev/null; exec "$@"`, 'sh'],
  ...asUser(CORE_USER, '--clear-groups', ',+bpf,+net_admin,+perfmon'),
];

/** Creates what the units' mount, tmpfiles and directories are. @param {string} state the state directory */
export function prepareService(state) {
  chownSync(state, CORE_USER, CORE_USER);
  for (const path of [BPFFS, RUNTIME]) mkdirSync(path, { recursive: true });
  const { status, stderr } = spawnSync('mount', ['-t', 'bpf', '-o', 'mode=0700', 'bpf', BPFFS], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${BPFFS}: ${stderr}`);
  for (const path of [BPFFS, RUNTIME]) chownSync(path, CORE_USER, CORE_USER);
  chmodSync(RUNTIME, 0o750);
}

/** Removes the bpf file system, and all that is pinned there. */
export function removeService() {
  spawnSync('umount', [BPFFS]);
}

/** @param {import('./lab.mjs').Lab} lab @param {readonly string[]} args @param {string} [memlock] */
export function startCore(lab, args, memlock = 'unlimited') {
  const environment = {
    PACKETLOG_BPFFS: BPFFS,
    PACKETLOG_SERVER_SOCKET: SOCKET,
    PACKETLOG_TOKEN: TOKENS.token,
    PACKETLOG_ADMIN_TOKEN: TOKENS.adminToken,
  };
  return lab.packetlog([...args, '--ui', 'off'], { before: asCore(memlock), listen: ORIGIN, environment });
}

/** @param {import('./lab.mjs').Lab} lab */
export const startServer = (lab) =>
  lab.process([...asUser(SERVER_USER, `--groups=${CORE_USER}`, ''), process.execPath, SERVER_SERVICE, SOCKET]);
