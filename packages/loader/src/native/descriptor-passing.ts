/** Passes file descriptors over a Unix socket: SCM_RIGHTS of unix(7). Layouts are those of 64-bit Linux. */
import { C, call } from './ffi.ts';
import { checked, closeDescriptor } from './libc.ts';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_NOSIGNAL = 0x4000;
/** sizeof(sa_family_t), before sun_path. */
const FAMILY_BYTES = 2;
const INT_BYTES = 4;
/** struct cmsghdr: size_t cmsg_len, int cmsg_level, int cmsg_type. */
const HEADER_BYTES = 16;
/** struct msghdr: offsets of msg_iov, msg_iovlen, msg_control, msg_controllen; size. */
const MESSAGE = { iov: 16, iovLength: 24, control: 32, controlLength: 40, size: 56 } as const;

/** Opens a stream socket that is connected to `path`; it stays open across execve(2). Throws SystemCallError. */
export function connectStream(path: string): number {
  const name = Buffer.from(path);
  const address = new Uint8Array(FAMILY_BYTES + name.length + 1);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, FAMILY_BYTES);
  const socket = checked(
    'socket',
    call('libc', 'socket', C.int, [
      [C.int, AF_UNIX],
      [C.int, SOCK_STREAM],
      [C.int, 0],
    ]),
  );
  const result = call('libc', 'connect', C.int, [
    [C.int, socket],
    [C.bytes, address],
    [C.unsigned, address.length],
  ]);
  if (result.value < 0) closeDescriptor(socket);
  checked('connect', result);
  return socket;
}

/** Sends `text`, one byte or more, with copies of the descriptors. Throws SystemCallError. */
export function sendDescriptors(socket: number, text: Uint8Array, descriptors: readonly number[]): void {
  const control = new Uint8Array(controlSpace(descriptors.length));
  const view = new DataView(control.buffer);
  view.setBigUint64(0, BigInt(HEADER_BYTES + descriptors.length * INT_BYTES), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  for (const [i, fd] of descriptors.entries()) view.setInt32(HEADER_BYTES + i * INT_BYTES, fd, true);
  const { message, parts } = messageOf(text, control);
  checked('sendmsg', transfer('sendmsg', socket, message, MSG_NOSIGNAL));
  keep(parts);
}

/**
 * Receives up to `length` bytes with up to `count` descriptors, which stay open across execve(2). Blocks. Throws
 * SystemCallError.
 */
export function receiveDescriptors(
  socket: number,
  length: number,
  count: number,
): { readonly text: Uint8Array; readonly descriptors: number[] } {
  const text = new Uint8Array(length);
  const control = new Uint8Array(controlSpace(count));
  const { message, parts } = messageOf(text, control);
  const bytes = checked('recvmsg', transfer('recvmsg', socket, message, 0));
  keep(parts);
  const view = new DataView(control.buffer);
  const controlLength = Number(new DataView(message.buffer).getBigUint64(MESSAGE.controlLength, true));
  const isRights =
    controlLength >= HEADER_BYTES && view.getInt32(8, true) === SOL_SOCKET && view.getInt32(12, true) === SCM_RIGHTS;
  const end = isRights ? Math.min(Number(view.getBigUint64(0, true)), control.length) : 0;
  const descriptors: number[] = [];
  for (let at = HEADER_BYTES; at + INT_BYTES <= end; at += INT_BYTES) descriptors.push(view.getInt32(at, true));
  return { text: text.subarray(0, bytes), descriptors };
}

/** CMSG_SPACE of cmsg(3). */
function controlSpace(descriptors: number): number {
  return HEADER_BYTES + Math.ceil((descriptors * INT_BYTES) / 8) * 8;
}

/** Builds struct msghdr. It contains addresses: `parts` must stay reachable until the call has returned. */
function messageOf(text: Uint8Array, control: Uint8Array): { message: Uint8Array; parts: readonly Uint8Array[] } {
  const iov = new Uint8Array(16);
  const iovView = new DataView(iov.buffer);
  iovView.setBigUint64(0, addressOf(text), true);
  iovView.setBigUint64(8, BigInt(text.length), true);
  const message = new Uint8Array(MESSAGE.size);
  const view = new DataView(message.buffer);
  view.setBigUint64(MESSAGE.iov, addressOf(iov), true);
  view.setBigUint64(MESSAGE.iovLength, 1n, true);
  view.setBigUint64(MESSAGE.control, addressOf(control), true);
  view.setBigUint64(MESSAGE.controlLength, BigInt(control.length), true);
  return { message, parts: [text, control, iov] };
}

function transfer(name: 'sendmsg' | 'recvmsg', socket: number, message: Uint8Array, flags: number) {
  return call('libc', name, C.long, [
    [C.int, socket],
    [C.bytes, message],
    [C.int, flags],
  ]);
}

/** Returns the address of the bytes, which do not move: memmove of zero bytes returns its first argument. */
function addressOf(bytes: Uint8Array): bigint {
  const { value } = call('libc', 'memmove', C.pointer, [
    [C.bytes, bytes],
    [C.bytes, bytes],
    [C.size, 0],
  ]);
  return BigInt(value);
}

/** Keeps the bytes reachable up to here. */
function keep(parts: readonly Uint8Array[]): void {
  for (const part of parts) part.at(0);
}
