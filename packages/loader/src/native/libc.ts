/** Wraps C library functions that Node.js lacks. All numbers are file descriptors, bytes or flags, as in C. */

import { describeErrno } from '../errors/errno.ts';
import { C, call, memoryAt, type NativeResult } from './ffi.ts';

const PAGE_SIZE = 4096;
const MAP_SHARED = 1;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_ANONYMOUS = 0x20;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;
/** struct epoll_event: u32 events, then 8 bytes of data; packed on x86-64, padded elsewhere. */
const EPOLL_EVENT = process.arch === 'x64' ? { size: 12, data: 4 } : { size: 16, data: 8 };
const EPOLL_CLOEXEC = 0o2000000;
const CLONE_NEWNET = 0x40000000;
const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
/** Its resolution is the time between two ticks of the kernel. */
const CLOCK_MONOTONIC_COARSE = 6;
const CLOCK_BOOTTIME = 7;
const MEMBARRIER_CMD_QUERY = 0;
const MEMBARRIER_CMD_GLOBAL = 1;
const SYS_MEMBARRIER: Partial<Record<NodeJS.Architecture, number>> = { x64: 324, arm64: 283, riscv64: 283 };

/** The error of a failed C function; `errno` is its error number. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  readonly errno: number;
  constructor(call: string, errno: number) {
    super(`${call}: ${describeErrno(errno)}`);
    this.errno = errno;
  }
}

/** Returns the value of a call; throws SystemCallError if it is negative. */
export function checked(name: string, result: NativeResult): number {
  if (result.value < 0) throw new SystemCallError(name, result.errno);
  return result.value;
}

/** Returns the page size in bytes: getpagesize(2). */
export function pageSize(): number {
  const { value } = call('libc', 'getpagesize', C.int, []);
  return value > 0 ? value : PAGE_SIZE;
}

/** Maps `length` bytes of a file with MAP_SHARED: mmap(2). The mapping stays until the process ends. */
export function mapShared(fd: number, offset: number, length: number, access: 'read' | 'read-write'): Uint8Array {
  const protection = access === 'read' ? PROT_READ : PROT_READ | PROT_WRITE;
  const result = call('libc', 'mmap', C.pointer, [
    [C.size, 0],
    [C.size, length],
    [C.int, protection],
    [C.int, MAP_SHARED],
    [C.int, fd],
    [C.long, offset],
  ]);
  return memoryAt(checked('mmap', result), length);
}

/** Allocates memory at a fixed address, for structures that point to each other: mmap(2). It stays until the process ends. */
export function allocate(length: number): { address: number; bytes: Uint8Array } {
  const result = call('libc', 'mmap', C.pointer, [
    [C.size, 0],
    [C.size, length],
    [C.int, PROT_READ | PROT_WRITE],
    [C.int, MAP_SHARED | MAP_ANONYMOUS],
    [C.int, -1],
    [C.long, 0],
  ]);
  const address = checked('mmap', result);
  return { address, bytes: memoryAt(address, length) };
}

/** Copies `bytes` to the file or map `fd` from byte `offset` on, through a temporary shared mapping. */
export function writeShared(fd: number, bytes: Uint8Array, offset = 0): void {
  withMapping(fd, offset + bytes.length, PROT_READ | PROT_WRITE, (address) => {
    call('libc', 'memcpy', C.pointer, [
      [C.pointer, address + offset],
      [C.bytes, bytes],
      [C.size, bytes.length],
    ]);
  });
}

/** Copies what the file or map `fd` has from byte `offset` on to `bytes`, through a temporary shared mapping. */
export function readShared(fd: number, offset: number, bytes: Uint8Array): void {
  withMapping(fd, offset + bytes.length, PROT_READ, (address) => {
    call('libc', 'memcpy', C.pointer, [
      [C.bytes, bytes],
      [C.pointer, address + offset],
      [C.size, bytes.length],
    ]);
  });
}

function withMapping(fd: number, bytes: number, protection: number, copy: (address: number) => void): void {
  const page = pageSize();
  const length = Math.ceil(bytes / page) * page;
  const mapped = call('libc', 'mmap', C.pointer, [
    [C.size, 0],
    [C.size, length],
    [C.int, protection],
    [C.int, MAP_SHARED],
    [C.int, fd],
    [C.long, 0],
  ]);
  const address = checked('mmap', mapped);
  copy(address);
  checked(
    'munmap',
    call('libc', 'munmap', C.int, [
      [C.pointer, address],
      [C.size, length],
    ]),
  );
}

export function closeDescriptor(fd: number): void {
  checked('close', call('libc', 'close', C.int, [[C.int, fd]]));
}

/** Creates a non-blocking eventfd(2). Writing 8 bytes to it wakes `epollWait`. */
export function createEventfd(): number {
  return checked(
    'eventfd',
    call('libc', 'eventfd', C.int, [
      [C.unsigned, 0],
      [C.int, EFD_NONBLOCK | EFD_CLOEXEC],
    ]),
  );
}

/** Creates an epoll instance that watches the descriptors for input, level-triggered: epoll_create1(2). */
export function createEpoll(descriptors: readonly number[]): number {
  const epoll = checked('epoll_create1', call('libc', 'epoll_create1', C.int, [[C.int, EPOLL_CLOEXEC]]));
  for (const fd of descriptors) {
    const event = new Uint8Array(EPOLL_EVENT.size);
    const view = new DataView(event.buffer);
    view.setUint32(0, EPOLLIN, true);
    view.setInt32(EPOLL_EVENT.data, fd, true);
    checked(
      'epoll_ctl',
      call('libc', 'epoll_ctl', C.int, [
        [C.int, epoll],
        [C.int, EPOLL_CTL_ADD],
        [C.int, fd],
        [C.bytes, event],
      ]),
    );
  }
  return epoll;
}

const MAX_EVENTS = 16;
const events = new Uint8Array(MAX_EVENTS * EPOLL_EVENT.size);
const eventsView = new DataView(events.buffer);

/**
 * Blocks this thread until a descriptor is readable or `timeoutMs` has passed (-1: no timeout). Returns the readable
 * descriptors, at most 16; none if a signal interrupted the wait.
 */
export function epollWait(epoll: number, timeoutMs: number): number[] {
  // -1 on EINTR: callers poll the rings after every wait.
  const { value } = call('libc', 'epoll_wait', C.int, [
    [C.int, epoll],
    [C.bytes, events],
    [C.int, MAX_EVENTS],
    [C.int, timeoutMs],
  ]);
  return Array.from({ length: Math.max(0, value) }, (_, i) =>
    eventsView.getInt32(i * EPOLL_EVENT.size + EPOLL_EVENT.data, true),
  );
}

/** Moves the calling thread, and no other, into a network namespace: setns(2). */
export function enterNetworkNamespace(fd: number): void {
  checked(
    'setns',
    call('libc', 'setns', C.int, [
      [C.int, fd],
      [C.int, CLONE_NEWNET],
    ]),
  );
}

/** Returns the ifindex of an interface in this thread's network namespace; 0 if it does not exist. */
export function interfaceIndex(name: string): number {
  return call('libc', 'if_nametoindex', C.unsigned, [[C.string, name]]).value;
}

/** Returns the name of an interface in this thread's network namespace; undefined if it does not exist. */
export function interfaceName(ifindex: number): string | undefined {
  const name = new Uint8Array(16);
  const { value } = call('libc', 'if_indextoname', C.pointer, [
    [C.unsigned, ifindex],
    [C.bytes, name],
  ]);
  if (value === 0) return undefined;
  return new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
}

function clock(id: number): bigint {
  const time = new Uint8Array(16);
  checked(
    'clock_gettime',
    call('libc', 'clock_gettime', C.int, [
      [C.int, id],
      [C.bytes, time],
    ]),
  );
  const view = new DataView(time.buffer);
  return view.getBigInt64(0, true) * 1_000_000_000n + view.getBigInt64(8, true);
}

/** Returns the ns of a jiffy: the resolution of CLOCK_MONOTONIC_COARSE (TICK_NSEC of the kernel). */
export function jiffyNs(): bigint {
  const time = new Uint8Array(16);
  checked(
    'clock_getres',
    call('libc', 'clock_getres', C.int, [
      [C.int, CLOCK_MONOTONIC_COARSE],
      [C.bytes, time],
    ]),
  );
  const view = new DataView(time.buffer);
  return view.getBigInt64(0, true) * 1_000_000_000n + view.getBigInt64(8, true);
}

/** Returns CLOCK_REALTIME in ns since the Unix epoch. */
export const realTime = (): bigint => clock(CLOCK_REALTIME);

/** Returns CLOCK_MONOTONIC in ns, including the offset of this process's time namespace. */
export const monotonicTime = (): bigint => clock(CLOCK_MONOTONIC);

/** Returns CLOCK_BOOTTIME in ns, including the offset of this process's time namespace. */
export const bootTime = (): bigint => clock(CLOCK_BOOTTIME);

/**
 * Waits until every BPF program that is running on any CPU has returned: the GLOBAL command of membarrier(2) calls the
 * kernel's synchronize_rcu(). Takes 5 to 50 ms. Returns false if the kernel rejects the command (nohz_full).
 */
export function waitForRunningPrograms(): boolean {
  return membarrier(MEMBARRIER_CMD_GLOBAL) === 0;
}

/** Returns whether the kernel supports `waitForRunningPrograms`. */
export function canWaitForRunningPrograms(): boolean {
  const commands = membarrier(MEMBARRIER_CMD_QUERY);
  return commands > 0 && (commands & MEMBARRIER_CMD_GLOBAL) !== 0;
}

function membarrier(command: number): number {
  const number = SYS_MEMBARRIER[process.arch];
  if (number === undefined) return -1;
  return call('libc', 'syscall', C.long, [
    [C.long, number],
    [C.int, command],
    [C.int, 0],
    [C.int, 0],
  ]).value;
}

const SYS_PERF_EVENT_OPEN: Partial<Record<NodeJS.Architecture, number>> = { x64: 298, arm64: 241, riscv64: 241 };
const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_BPF_OUTPUT = 10;
const PERF_SAMPLE_RAW = 1 << 10;
const PERF_FLAG_FD_CLOEXEC = 8;
const PERF_EVENT_IOC_ENABLE = 0x2400;

/**
 * Opens the perf event to which bpf_perf_event_output() writes on `cpu`, with a wake-up for each sample:
 * perf_event_open(2).
 */
export function openPerfOutput(cpu: number): number {
  const number = SYS_PERF_EVENT_OPEN[process.arch];
  if (number === undefined) throw new Error(`perf events: not supported on ${process.arch}`);
  const attributes = new Uint8Array(128); // struct perf_event_attr
  const view = new DataView(attributes.buffer);
  view.setUint32(0, PERF_TYPE_SOFTWARE, true);
  view.setUint32(4, attributes.length, true);
  view.setBigUint64(8, BigInt(PERF_COUNT_SW_BPF_OUTPUT), true);
  view.setBigUint64(16, 1n, true); // sample_period
  view.setBigUint64(24, BigInt(PERF_SAMPLE_RAW), true);
  view.setUint32(48, 1, true); // wakeup_events
  const result = call('libc', 'syscall', C.long, [
    [C.long, number],
    [C.bytes, attributes],
    [C.int, -1],
    [C.int, cpu],
    [C.int, -1],
    [C.long, PERF_FLAG_FD_CLOEXEC],
  ]);
  return checked('perf_event_open', result);
}

export function enablePerfEvent(fd: number): void {
  const result = call('libc', 'ioctl', C.int, [
    [C.int, fd],
    [C.long, PERF_EVENT_IOC_ENABLE],
    [C.int, 0],
  ]);
  checked('ioctl PERF_EVENT_IOC_ENABLE', result);
}
