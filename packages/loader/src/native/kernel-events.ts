/**
 * Opens descriptors that become readable when interfaces or the wall clock change; undefined where the kernel rejects
 * it.
 */
import { C, call } from './ffi.ts';
import { closeDescriptor } from './libc.ts';

const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const RTMGRP_LINK = 1;
const SOCK_RAW_NONBLOCK_CLOEXEC = 3 | 0o4000 | 0o2000000;
const CLOCK_REALTIME = 0;
const TFD_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const TFD_TIMER_ABSTIME_CANCEL_ON_SET = 1 | 2;
/** An expiry that the wall clock never reaches (Unix time, s). */
const NEVER = 2n ** 40n;

/**
 * Opens a socket that gets a message for each interface that is added, removed or changed in this thread's network
 * namespace.
 */
export function linkEvents(): number | undefined {
  const { value: fd } = call('libc', 'socket', C.int, [
    [C.int, AF_NETLINK],
    [C.int, SOCK_RAW_NONBLOCK_CLOEXEC],
    [C.int, NETLINK_ROUTE],
  ]);
  if (fd < 0) return undefined;
  const address = new Uint8Array(12); // struct sockaddr_nl
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, RTMGRP_LINK, true);
  const { value } = call('libc', 'bind', C.int, [
    [C.int, fd],
    [C.bytes, address],
    [C.unsigned, address.length],
  ]);
  return orNothing(fd, value);
}

/** Opens a timer that never expires, and is cancelled whenever the wall clock is set: timerfd_create(2). */
export function clockEvents(): number | undefined {
  const { value: fd } = call('libc', 'timerfd_create', C.int, [
    [C.int, CLOCK_REALTIME],
    [C.int, TFD_NONBLOCK_CLOEXEC],
  ]);
  if (fd < 0) return undefined;
  const when = new Uint8Array(32); // struct itimerspec
  new DataView(when.buffer).setBigInt64(16, NEVER, true);
  const { value } = call('libc', 'timerfd_settime', C.int, [
    [C.int, fd],
    [C.int, TFD_TIMER_ABSTIME_CANCEL_ON_SET],
    [C.bytes, when],
    [C.pointer, 0],
  ]);
  return orNothing(fd, value);
}

function orNothing(fd: number, result: number): number | undefined {
  if (result >= 0) return fd;
  closeDescriptor(fd);
  return undefined;
}
