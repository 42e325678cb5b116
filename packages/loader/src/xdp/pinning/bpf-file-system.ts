/**
 * Finds the bpf file system for pins. It has to outlive this process, so it is one that is mounted in the mount
 * namespace of PID 1: `ip netns exec` and containers have their own mounts, which end with them.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { privilegeAdvice } from '../../errors/privilege.ts';
import { fromPlain, SetupError } from '../../errors/setup-error.ts';
import type { PinPlace } from '../../ipc/pin-place.ts';
import { type Mount, parseMounts } from '../../system/mounts.ts';
import { type ServiceUsers, serviceUsers } from '../../system/service-user.ts';
import { directoryProblem, pathProblem } from '../../system/trusted-path.ts';
import {
  MOUNT_YOURSELF,
  missing,
  NAME_ANOTHER,
  notVisible,
  otherType,
  USUAL,
  unreachableMounts,
  unsafe,
} from './bpf-file-system-errors.ts';

/** The file system of the installed service, whose user has no access to the usual one. */
const OF_SERVICE = '/run/packetlog/bpf';
/** BPF_FS_MAGIC of linux/magic.h. */
const MAGIC = 0xcafe4a11;
/** Source of a mount that PacketLog created and may unmount. */
const OUR_SOURCE = 'packetlog';

/** The directory of all pins in a bpf file system. */
export const OURS = 'packetlog';

export interface BpfFileSystem {
  /** Path to show to the operator. */
  path: string;
  /** Directory to work in; it stays the same even if something is mounted over it. */
  base: string;
  /** Our directory in it, which may not exist yet. */
  ours: string;
  /** Closes the file system; unmounts it if it is empty and PacketLog mounted it. */
  release(): void;
}

/**
 * How the usual file system can be reached. `via`: pid of a process whose mount namespace has it, or 'own' for ours.
 */
export type Access =
  | { state: 'mounted'; via: number | 'own'; ours: boolean }
  | { state: 'absent'; via: number | 'own' }
  | { state: 'unreachable' };

/**
 * Finds out how to reach the usual file system. `machine`: mounts of the first process; `candidates`: processes in its
 * mount namespace whose root we may access. Pure.
 */
export function accessTo(own: readonly Mount[], machine: readonly Mount[], candidates: readonly number[]): Access {
  const mount = bpfMount(machine);
  const here = bpfMount(own);
  const isSame = own[0]?.id === machine[0]?.id;
  const via = isSame || (mount && here?.device === mount.device) ? 'own' : candidates[0];
  if (via === undefined) return { state: 'unreachable' };
  return mount ? { state: 'mounted', via, ours: mount.source === OUR_SOURCE } : { state: 'absent', via };
}

function bpfMount(mounts: readonly Mount[]): Mount | undefined {
  return mounts.findLast(({ point, type }) => point === USUAL && type === 'bpf');
}

/**
 * Returns the file system to look for pins in; undefined if there is none, and therefore no pin exists. The installed
 * service has its own: it is the one unless another is given. Throws SetupError.
 */
export function findBpfFileSystem(given: PinPlace | undefined): BpfFileSystem | undefined {
  if (typeof given === 'object') return given.fd === undefined ? undefined : openedBefore(given.path, given.fd);
  if (given !== undefined) return openGiven(given, serviceUsers);
  if (hasServicePins()) return openGiven(OF_SERVICE, serviceUsers);
  const access = findAccess();
  return access.state === 'mounted' ? openUsual(access.via, access.ours) : undefined;
}

/**
 * As `findBpfFileSystem`, but `release` never unmounts it, and 'unreachable' is returned where none could be mounted
 * either. Throws SetupError.
 */
export function inspectBpfFileSystem(given: string | undefined): BpfFileSystem | 'unreachable' | undefined {
  if (given !== undefined) return openGiven(given, serviceUsers);
  if (hasServicePins()) return openGiven(OF_SERVICE, serviceUsers);
  const access = findAccess();
  if (access.state === 'unreachable') return access.state;
  return access.state === 'mounted' ? openUsual(access.via, false) : undefined;
}

/** Returns the file system to pin in; mounts it if there is none. Throws SetupError. */
export function needBpfFileSystem(given: PinPlace | undefined): BpfFileSystem {
  if (typeof given === 'object') {
    if (given.fd !== undefined) return openedBefore(given.path, given.fd);
    throw given.problem === undefined ? unreachableMounts() : fromPlain(given.problem);
  }
  if (given !== undefined) return openGiven(given);
  const access = findAccess();
  switch (access.state) {
    case 'mounted':
      return openUsual(access.via, access.ours);
    case 'absent':
      mount(access.via);
      return openUsual(access.via, true);
    case 'unreachable':
      throw unreachableMounts();
  }
}

/** Our directory, which the launcher has opened: the core's user cannot search the file system that it is in. */
function openedBefore(path: string, fd: number): BpfFileSystem {
  // The dot: O_NOFOLLOW rejects the link of a descriptor.
  const ours = `/proc/self/fd/${fd}/.`;
  return { path, base: ours, ours, release: () => {} };
}

/** `service`: users in whose file systems root may look, but not pin. */
function openGiven(path: string, service?: ServiceUsers): BpfFileSystem {
  let type: number;
  try {
    type = statfsSync(path).type;
  } catch (cause) {
    throw missing(path, cause);
  }
  if (type !== MAGIC) throw otherType(path);
  const problem = pathProblem(path, undefined, service);
  if (problem !== undefined) throw unsafe(path, problem.path, problem.problem);
  return opened(path, path, () => {}, service);
}

function hasServicePins(): boolean {
  try {
    return isBpf(OF_SERVICE) && readdirSync(OF_SERVICE).some((name) => !name.endsWith('.debug'));
  } catch {
    // Only root and the service's user can read it.
    return false;
  }
}

function isBpf(path: string): boolean {
  try {
    return statfsSync(path).type === MAGIC;
  } catch {
    return false;
  }
}

function reachOf(via: number | 'own'): string {
  return via === 'own' ? USUAL : `/proc/${via}/root${USUAL}`;
}

function openUsual(via: number | 'own', ours: boolean): BpfFileSystem {
  return opened(USUAL, reachOf(via), (isEmpty) => {
    if (ours && isEmpty) inNamespaceOf(via, ['umount', USUAL]);
  });
}

/**
 * Opens and checks the file system. The checks use the descriptor: in a directory of another file system mkdir(2) may
 * fail in ways that depend on it, and nothing could be pinned.
 */
function opened(
  path: string,
  reach: string,
  afterwards: (isEmpty: boolean) => void,
  service?: ServiceUsers,
): BpfFileSystem {
  let fd: number;
  try {
    fd = openSync(reach, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (cause) {
    throw new SetupError({ step: 'open', target: path, next: privilegeAdvice(), exit: 'privilege', cause });
  }
  const base = `/proc/self/fd/${fd}`;
  const problem = isBpf(base) ? directoryProblem(fstatSync(fd), process.geteuid?.() ?? 0, service) : undefined;
  if (!isBpf(base) || problem !== undefined) {
    closeSync(fd);
    throw problem === undefined ? notVisible(path) : unsafe(path, path, problem);
  }
  return {
    path,
    base,
    ours: `${base}/${OURS}`,
    release: () => {
      // The kernel puts its own iterators into a new file system: maps.debug, progs.debug.
      const isEmpty = readdirSync(base).every((name) => name.endsWith('.debug'));
      closeSync(fd);
      afterwards(isEmpty);
    },
  };
}

function mount(via: number | 'own'): void {
  if (!existsSync(reachOf(via))) {
    throw new SetupError({
      step: 'mount',
      target: USUAL,
      problem: 'there is no such directory: sysfs is not mounted at /sys, or the kernel has no bpf file system',
      next: `Mount sysfs (mount -t sysfs sysfs /sys), or ${NAME_ANOTHER}.`,
      exit: 'unsupported',
    });
  }
  const { status, stderr } = inNamespaceOf(via, ['mount', '-t', 'bpf', '-o', 'mode=0700', OUR_SOURCE, USUAL]);
  if (status === 0 && isBpf(reachOf(via))) return;
  if (status === 0) {
    inNamespaceOf(via, ['umount', USUAL]);
    throw notVisible(USUAL);
  }
  throw new SetupError({
    step: 'mount',
    target: USUAL,
    problem: stderr.trim().replace(/\.$/, '') || 'failed',
    next: MOUNT_YOURSELF,
    exit: 'privilege',
  });
}

/**
 * Runs a command in that process's mount namespace and under its root: setns(2) alone leads to the root of the mount
 * namespace, where the process may be in a chroot.
 */
function inNamespaceOf(via: number | 'own', command: readonly string[]): { status: number | null; stderr: string } {
  const process = `/proc/${via}`;
  const enter = via === 'own' ? [] : ['nsenter', `--mount=${process}/ns/mnt`, `--root=${process}/root`, '--'];
  const [file = '', ...args] = [...enter, ...command];
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  return { status, stderr: stderr || (error?.message ?? '') };
}

function findAccess(): Access {
  const listed = mountsOf('self') ?? [];
  // The file system may be covered, for example where sysfs was mounted again for another network namespace.
  const own = isBpf(USUAL) ? listed : listed.filter(({ type }) => type !== 'bpf');
  const machine = mountsOf(1) ?? own;
  const isReachable = (pid: number) => mountsOf(pid)?.[0]?.id === machine[0]?.id && mayEnter(pid);
  return accessTo(own, machine, [1, ...ancestors()].filter(isReachable));
}

function mountsOf(process: number | 'self'): Mount[] | undefined {
  try {
    return parseMounts(readFileSync(`/proc/${process}/mountinfo`, 'utf8'));
  } catch {
    return undefined;
  }
}

function mayEnter(pid: number): boolean {
  try {
    readdirSync(`/proc/${pid}/root/`);
    return true;
  } catch {
    return false;
  }
}

/** Returns the pids of our parent, its parent and so on, without the first process. */
function ancestors(): number[] {
  const pids: number[] = [];
  for (let pid = process.ppid; pid > 1; pid = parentOf(pid)) pids.push(pid);
  return pids;
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
