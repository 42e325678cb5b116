/** Asks the kernel about network devices: rtnetlink(7), in this thread's network namespace. */
import { C, call } from './ffi.ts';
import { closeDescriptor, SystemCallError } from './libc.ts';
import { type LinkFacts, linkRequest, readLinks } from './link-message.ts';

const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
/** More than the kernel puts into one answer (NLMSG_GOODSIZE, at most 32 KiB). */
const ANSWER_BYTES = 1 << 16;

/** Undefined if there is no such device in this network namespace. */
export function linkFactsOf(ifindex: number): LinkFacts | undefined {
  if (ifindex <= 0) return undefined;
  return ask(linkRequest(ifindex)).find((link) => link.ifindex === ifindex);
}

function ask(request: Uint8Array): LinkFacts[] {
  const socket = call('libc', 'socket', C.int, [
    [C.int, AF_NETLINK],
    [C.int, SOCK_RAW_CLOEXEC],
    [C.int, NETLINK_ROUTE],
  ]);
  if (socket.value < 0) throw new SystemCallError('socket NETLINK_ROUTE', socket.errno);
  try {
    const sent = call('libc', 'send', C.long, [
      [C.int, socket.value],
      [C.bytes, request],
      [C.size, request.length],
      [C.int, 0],
    ]);
    if (sent.value < 0) throw new SystemCallError('send to rtnetlink', sent.errno);
    return receive(socket.value);
  } finally {
    closeDescriptor(socket.value);
  }
}

/** The kernel answers while `send` runs (rtnetlink_rcv), so `recv` does not block. */
function receive(socket: number): LinkFacts[] {
  const buffer = new Uint8Array(ANSWER_BYTES);
  const { value, errno } = call('libc', 'recv', C.long, [
    [C.int, socket],
    [C.bytes, buffer],
    [C.size, buffer.length],
    [C.int, 0],
  ]);
  if (value < 0) throw new SystemCallError('recv from rtnetlink', errno);
  return readLinks(buffer.subarray(0, value)).links;
}
