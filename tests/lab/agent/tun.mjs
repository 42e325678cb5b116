// @ts-check
/**
 * Opens tun and tap devices (tun(4), Documentation/networking/tuntap.rst): what is written to one arrives on its
 * interface.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';

const TUNSETIFF = 0x400454ca;
const IFF_TUN = 1;
const IFF_TAP = 2;
const IFF_NO_PI = 0x1000;
/** struct ifreq: the name at 0, the flags at 16. */
const IFREQ = { size: 40, flags: 16 };

/** Descriptors by name; a device lasts as long as its descriptor. */
const open = /** @type {Map<string, number>} */ (new Map());

/**
 * Opens a device. With `nonblocking` the kernel builds the packet of a tap device in one page and runs a native program
 * on it (tun_can_build_skb); otherwise it runs on the finished packet (tun_get_user, do_xdp_generic).
 * @param {{ name: string, type: 'tun' | 'tap', nonblocking?: boolean }} options
 */
export async function openTun({ name, type, nonblocking = false }) {
  const ffi = await import('ffi-rs');
  ffi.open({ library: 'libc', path: 'libc.so.6' });
  const fd = openSync('/dev/net/tun', constants.O_RDWR | (nonblocking ? constants.O_NONBLOCK : 0));
  const request = Buffer.alloc(IFREQ.size);
  request.write(name, 0, 'latin1');
  request.writeUInt16LE((type === 'tun' ? IFF_TUN : IFF_TAP) | IFF_NO_PI, IFREQ.flags);
  const { I32, I64, U8Array } = ffi.DataType;
  const options = {
    library: 'libc',
    funcName: 'ioctl',
    retType: I32,
    paramsType: [I32, I64, U8Array],
    paramsValue: [fd, TUNSETIFF, request],
    errno: true,
  };
  const { value, errnoCode } = /** @type {any} */ (ffi.load(/** @type {any} */ (options)));
  if (value < 0) throw new Error(`TUNSETIFF ${name}: errno ${errnoCode}`);
  open.set(name, fd);
}

/** @param {{ name: string, packets: Uint8Array[] }} options */
export function writeTun({ name, packets }) {
  const fd = open.get(name);
  if (fd === undefined) throw new Error(`${name} is not open`);
  for (const packet of packets) writeSync(fd, packet);
}

/** @param {string} name */
export function closeTun(name) {
  const fd = open.get(name);
  if (fd !== undefined) closeSync(fd);
  open.delete(name);
}
