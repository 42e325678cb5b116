/** Queries the kernel for network devices and routes: rtnetlink(7), in this thread's network namespace. */
import { ERRNO } from '../errors/errno.ts';
import { C, call } from './ffi.ts';
import { closeDescriptor, interfaceIndex, SystemCallError } from './libc.ts';
import { type LinkFacts, linkRequest, namedLinkRequest, readLinks } from './link-message.ts';
import { endOf, netlinkMessages } from './netlink-message.ts';
import { type DefaultRoute, readDefaultRoutes, routesRequest } from './route-message.ts';

const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
/** More than the kernel puts into one answer (NLMSG_GOODSIZE, at most 32 KiB). */
const ANSWER_BYTES = 1 << 16;

/**
 * Returns the facts of a device; undefined if it does not exist in this network namespace. Throws SystemCallError if
 * the kernel does not answer.
 */
export function linkFactsOf(ifindex: number): LinkFacts | undefined {
  if (ifindex <= 0) return undefined;
  const answers = ask(linkRequest(ifindex), false).map(readLinks);
  const found = answers.flatMap(({ links }) => links).find((link) => link.ifindex === ifindex);
  const errno = answers[0]?.errno ?? 0;
  if (!found && errno !== ERRNO.ENODEV) throw new SystemCallError('RTM_GETLINK', errno);
  return found;
}

/**
 * Returns the ifindex of a name or an alternative name (`ip link property add altname`), of any length. 0: there is
 * none.
 */
export function namedInterface(name: string): number {
  return interfaceIndex(name) || (links(namedLinkRequest(name))[0]?.ifindex ?? 0);
}

/** Returns the default routes of a family, see `FAMILY`. */
export function defaultRoutes(family: number): DefaultRoute[] {
  return ask(routesRequest(family), true).flatMap(readDefaultRoutes);
}

function links(request: Uint8Array): LinkFacts[] {
  return ask(request, false).flatMap((bytes) => readLinks(bytes).links);
}

/** Sends a request; returns the result of each `recv`. `isDump`: the answer has several parts, up to an end message. */
function ask(request: Uint8Array, isDump: boolean): Uint8Array[] {
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
    const answers = [receive(socket.value)];
    while (isDump && !answers.at(-1)?.isEnd) answers.push(receive(socket.value));
    return answers.map(({ bytes }) => bytes);
  } finally {
    closeDescriptor(socket.value);
  }
}

/** The kernel answers while `send` runs (rtnetlink_rcv), and continues a dump while `recv` runs: neither blocks. */
function receive(socket: number): { bytes: Uint8Array; isEnd: boolean } {
  const buffer = new Uint8Array(ANSWER_BYTES);
  const { value, errno } = call('libc', 'recv', C.long, [
    [C.int, socket],
    [C.bytes, buffer],
    [C.size, buffer.length],
    [C.int, 0],
  ]);
  if (value < 0) throw new SystemCallError('recv from rtnetlink', errno);
  const bytes = buffer.slice(0, value);
  return { bytes, isEnd: [...netlinkMessages(bytes)].some((message) => endOf(message) !== undefined) };
}
