/** C functions of the launcher, which prepares what the core inherits: mounts, pipes, limits. */
import { C, call } from './ffi.ts';
import { checked } from './libc.ts';

const CLONE_NEWNS = 0x20000;
const MS_BIND = 0x1000;
const MS_REC = 0x4000;
const MS_SLAVE = 0x80000;
const MNT_DETACH = 2;
const RLIMIT_MEMLOCK = 8;
const F_SETFD = 2;
const PR_SET_PDEATHSIG = 1;
const PR_GET_PDEATHSIG = 2;
const O_CLOEXEC = 0o2000000;
const INT_BYTES = 4;
const LONG_BYTES = 8;

/** Lets the descriptor stay open across execve(2). Throws SystemCallError. */
export function stayOpen(fd: number): void {
  checked(
    'fcntl F_SETFD',
    call('libc', 'fcntl', C.int, [
      [C.int, fd],
      [C.int, F_SETFD],
      [C.int, 0],
    ]),
  );
}

/** Creates a pipe whose ends block. Throws SystemCallError. */
export function createPipe(): { readonly read: number; readonly write: number } {
  const ends = new Uint8Array(2 * INT_BYTES);
  checked(
    'pipe2',
    call('libc', 'pipe2', C.int, [
      [C.bytes, ends],
      [C.int, O_CLOEXEC],
    ]),
  );
  const view = new DataView(ends.buffer);
  return { read: view.getInt32(0, true), write: view.getInt32(INT_BYTES, true) };
}

/**
 * Gives this thread a separate copy of the list of mounts (unshare(2)): changes in it stay in it, and those of the
 * machine still arrive. Throws SystemCallError.
 */
export function separateMounts(): void {
  checked('unshare', call('libc', 'unshare', C.int, [[C.int, CLONE_NEWNS]]));
  mount('none', '/', '', MS_REC | MS_SLAVE, '');
}

/** Mounts an empty directory over `path` that all users can search and only root can list. Throws SystemCallError. */
export function coverWithEmpty(path: string): void {
  mount('packetlog', path, 'tmpfs', 0, 'mode=0711,size=64k');
}

/** Shows the directory of a descriptor at `path`, with what is mounted below it. Throws SystemCallError. */
export function showDirectory(fd: number, path: string): void {
  mount(`/proc/self/fd/${fd}`, path, '', MS_BIND | MS_REC, '');
}

/** Removes a mount and those below it, also if they are in use. Throws SystemCallError. */
export function uncover(path: string): void {
  checked(
    'umount2',
    call('libc', 'umount2', C.int, [
      [C.string, path],
      [C.int, MNT_DETACH],
    ]),
  );
}

/** Returns the number of the signal that this process gets when its parent ends (PR_SET_PDEATHSIG); 0 for none. */
export function parentDeathSignal(): number {
  const signal = new Uint8Array(INT_BYTES);
  checked(
    'prctl PR_GET_PDEATHSIG',
    call('libc', 'prctl', C.int, [
      [C.int, PR_GET_PDEATHSIG],
      [C.bytes, signal],
    ]),
  );
  return new DataView(signal.buffer).getInt32(0, true);
}

/** Sets the signal that `parentDeathSignal` returns. Throws SystemCallError. */
export function setParentDeathSignal(signal: number): void {
  checked(
    'prctl PR_SET_PDEATHSIG',
    call('libc', 'prctl', C.int, [
      [C.int, PR_SET_PDEATHSIG],
      [C.size, signal],
    ]),
  );
}

/** Removes the limit of locked memory: setrlimit(2). Returns false if this process may not. */
export function raiseMemlock(): boolean {
  const unlimited = new Uint8Array(2 * LONG_BYTES).fill(0xff);
  const { value } = call('libc', 'setrlimit', C.int, [
    [C.int, RLIMIT_MEMLOCK],
    [C.bytes, unlimited],
  ]);
  return value === 0;
}

function mount(source: string, target: string, type: string, flags: number, data: string): void {
  checked(
    'mount',
    call('libc', 'mount', C.int, [
      [C.string, source],
      [C.string, target],
      [C.string, type],
      [C.size, flags],
      [C.string, data],
    ]),
  );
}
