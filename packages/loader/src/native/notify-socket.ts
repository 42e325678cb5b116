/** The datagram socket of sd_notify(3): Node has no datagram sockets of the family AF_UNIX. */
import { C, call } from './ffi.ts';
import { checked } from './libc.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** sizeof(sa_family_t), before sun_path in struct sockaddr_un (unix(7)). */
const FAMILY_BYTES = 2;
const MAX_PATH_BYTES = 107;

/** Returns struct sockaddr_un for a path, or for a name in the abstract namespace, which begins with `@`. Pure. */
export function socketAddress(path: string): Uint8Array {
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : path);
  if (name.length === 0 || name.length > MAX_PATH_BYTES) {
    throw new RangeError(`NOTIFY_SOCKET has ${name.length} bytes; it must have 1 to ${MAX_PATH_BYTES}`);
  }
  const address = new Uint8Array(FAMILY_BYTES + name.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, FAMILY_BYTES);
  return address;
}

/**
 * Opens a socket that is connected to the service manager; `inherited`: it stays open across execve(2). Throws
 * SystemCallError or RangeError.
 */
export function connectNotifySocket(path: string, after: 'closed' | 'inherited' = 'closed'): number {
  const address = socketAddress(path);
  const socket = checked(
    'socket',
    call('libc', 'socket', C.int, [
      [C.int, AF_UNIX],
      [C.int, after === 'closed' ? SOCK_DGRAM | SOCK_CLOEXEC : SOCK_DGRAM],
      [C.int, 0],
    ]),
  );
  checked(
    'connect',
    call('libc', 'connect', C.int, [
      [C.int, socket],
      [C.bytes, address],
      [C.unsigned, address.length],
    ]),
  );
  return socket;
}

/** Sends one datagram without waiting for the receiver. Throws SystemCallError. */
export function sendDatagram(socket: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  const result = call('libc', 'send', C.long, [
    [C.int, socket],
    [C.bytes, bytes],
    [C.size, bytes.length],
    [C.int, MSG_DONTWAIT | MSG_NOSIGNAL],
  ]);
  checked('send', result);
}
