/** Sends ICMP echo requests through libc: Node.js has no ICMP sockets. Runs in a separate demo process. */
import { C, call } from '../native/ffi.ts';

const AF_INET = 2;
const SOCK_RAW = 3;
const IPPROTO_ICMP = 1;
const ECHO_REQUEST = 8;

let socket: number | undefined;

export function sendEcho(address: string, sequence: number): void {
  socket ??= call('libc', 'socket', C.int, [
    [C.int, AF_INET],
    [C.int, SOCK_RAW],
    [C.int, IPPROTO_ICMP],
  ]).value;
  const message = echoRequest(process.pid & 0xffff, sequence & 0xffff);
  const to = Uint8Array.from([AF_INET, 0, 0, 0, ...address.split('.').map(Number), ...new Array<number>(8).fill(0)]);
  call('libc', 'sendto', C.long, [
    [C.int, socket],
    [C.bytes, message],
    [C.size, message.length],
    [C.int, 0],
    [C.bytes, to],
    [C.unsigned, to.length],
  ]);
}

/** Builds an echo request (RFC 792) with 56 bytes of data, as ping sends. */
export function echoRequest(id: number, sequence: number): Uint8Array {
  const message = new Uint8Array(64);
  const view = new DataView(message.buffer);
  view.setUint8(0, ECHO_REQUEST);
  view.setUint16(4, id);
  view.setUint16(6, sequence);
  view.setUint16(2, checksum(view));
  return message;
}

/** Returns the Internet checksum (RFC 1071) of an even number of bytes. */
function checksum(view: DataView): number {
  let sum = 0;
  for (let i = 0; i < view.byteLength; i += 2) sum += view.getUint16(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
