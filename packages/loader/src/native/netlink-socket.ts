/** Sends requests of netlink(7), and receives the answers. */
import { C, call } from './ffi.ts';
import { closeDescriptor, SystemCallError } from './libc.ts';
import { endOf, netlinkMessages } from './netlink-message.ts';

const AF_NETLINK = 16;
/** Protocols of linux/netlink.h. */
export const NETLINK_ROUTE = 0;
export const NETLINK_GENERIC = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
/** More than the kernel puts into one answer (NLMSG_GOODSIZE, at most 32 KiB). */
const ANSWER_BYTES = 1 << 16;

/**
 * Sends a request to a part of the kernel; returns the result of each `recv`. `isDump`: the answer has several parts, up
 * to an end message. Throws SystemCallError.
 */
export function askNetlink(protocol: number, request: Uint8Array, isDump: boolean): Uint8Array[] {
  const socket = call('libc', 'socket', C.int, [
    [C.int, AF_NETLINK],
    [C.int, SOCK_RAW_CLOEXEC],
    [C.int, protocol],
  ]);
  if (socket.value < 0) throw new SystemCallError('socket AF_NETLINK', socket.errno);
  try {
    const sent = call('libc', 'send', C.long, [
      [C.int, socket.value],
      [C.bytes, request],
      [C.size, request.length],
      [C.int, 0],
    ]);
    if (sent.value < 0) throw new SystemCallError('send to netlink', sent.errno);
    const answers = [receive(socket.value)];
    while (isDump && !answers.at(-1)?.isEnd) answers.push(receive(socket.value));
    return answers.map(({ bytes }) => bytes);
  } finally {
    closeDescriptor(socket.value);
  }
}

/** The kernel answers while `send` runs (netlink_unicast_kernel), and continues a dump while `recv` runs: neither blocks. */
function receive(socket: number): { bytes: Uint8Array; isEnd: boolean } {
  const buffer = new Uint8Array(ANSWER_BYTES);
  const { value, errno } = call('libc', 'recv', C.long, [
    [C.int, socket],
    [C.bytes, buffer],
    [C.size, buffer.length],
    [C.int, 0],
  ]);
  if (value < 0) throw new SystemCallError('recv from netlink', errno);
  const bytes = buffer.slice(0, value);
  return { bytes, isEnd: [...netlinkMessages(bytes)].some((message) => endOf(message) !== undefined) };
}
