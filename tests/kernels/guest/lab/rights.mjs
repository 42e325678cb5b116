// @ts-check
import { readdirSync, readFileSync } from 'node:fs';

const SETS = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'];
/** Bits of capabilities(7): net_admin, perfmon, bpf. */
const BITS = [12n, 38n, 39n];

/** What a process has: user, group, other groups, capabilities and no_new_privs. @typedef {Record<string, string>} Rights */

/** @param {number} user @param {string} groups @param {string} capabilities @returns {Rights} */
const rights = (user, groups, capabilities) => ({
  Uid: new Array(4).fill(user).join(' '),
  Gid: new Array(4).fill(user).join(' '),
  Groups: groups,
  ...Object.fromEntries(SETS.map((set) => [set, capabilities])),
  NoNewPrivs: '1',
});

const hex = (/** @type {bigint} */ bits) => bits.toString(16).padStart(16, '0');

/** The rights of a core with the three capabilities. @param {number} user */
export const coreRights = (user) => rights(user, '', hex(BITS.reduce((sum, bit) => sum | (1n << bit), 0n)));

/** The rights of a server: none. @param {number} user @param {string} [groups] */
export const serverRights = (user, groups = '') => rights(user, groups, hex(0n));

/** Returns the rights of the threads of a process, each only once. @param {number} pid @returns {Rights[]} */
export function rightsOfThreads(pid) {
  const seen = /** @type {Map<string, Rights>} */ (new Map());
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    const textOf = (/** @type {string} */ name) => new RegExp(`^${name}:(.*)$`, 'm').exec(status)?.[1] ?? 'missing';
    const names = ['Uid', 'Gid', 'Groups', ...SETS, 'NoNewPrivs'];
    const found = Object.fromEntries(names.map((name) => [name, textOf(name).trim().split(/\s+/).join(' ')]));
    seen.set(JSON.stringify(found), found);
  }
  return [...seen.values()];
}

/** Returns the children of a process, theirs, and so on. @param {number} pid @returns {number[]} */
export function descendantsOf(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Whether a process is a server of packetlog. @param {number} pid */
export const isServer = (pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'packetlog-serve';
