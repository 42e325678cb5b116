/** Which XDP modes a driver supports: the generic netlink family `netdev` of linux/netdev.h, since Linux 6.3. */

import { SystemCallError } from './libc.ts';
import { attributes, netlinkMessages, netlinkRequest, text, viewOf } from './netlink-message.ts';
import { askNetlink, NETLINK_GENERIC } from './netlink-socket.ts';

/** struct genlmsghdr: u8 command, u8 version, u16 reserved. */
const HEADER = 4;
const GENL_ID_CTRL = 0x10;
const CTRL = { getFamily: 3, familyId: 1, familyName: 2 };
const NETDEV = { name: 'netdev', get: 1, ifindex: 1, xdpFeatures: 3 };
/** enum netdev_xdp_act. */
const BASIC = 1n;
const SEVERAL_BUFFERS = 1n << 5n;

export interface XdpFeatures {
  /** The driver runs XDP programs: native mode. */
  native: boolean;
  /** It also runs them on packets in several buffers. */
  frags: boolean;
}

/** Returns what the driver supports now; undefined if the kernel does not tell (before Linux 6.3). */
export function xdpFeaturesOf(ifindex: number): XdpFeatures | undefined {
  try {
    const family = netdevFamily();
    if (family === undefined) return undefined;
    const asked = genericRequest(family, NETDEV.get, NETDEV.ifindex, u32(ifindex));
    const value = answerTo(asked, family).get(NETDEV.xdpFeatures);
    if (value === undefined || value.length < 8) return undefined;
    const features = viewOf(value).getBigUint64(0, true);
    return { native: (features & BASIC) !== 0n, frags: (features & SEVERAL_BUFFERS) !== 0n };
  } catch (error) {
    if (error instanceof SystemCallError) return undefined;
    throw error;
  }
}

function netdevFamily(): number | undefined {
  const name = new TextEncoder().encode(`${NETDEV.name}\0`);
  const answer = answerTo(genericRequest(GENL_ID_CTRL, CTRL.getFamily, CTRL.familyName, name), GENL_ID_CTRL);
  const isOurs = text(answer.get(CTRL.familyName) ?? new Uint8Array(0)) === NETDEV.name;
  const id = answer.get(CTRL.familyId);
  return isOurs && id !== undefined && id.length >= 2 ? viewOf(id).getUint16(0, true) : undefined;
}

function answerTo(asked: Uint8Array, family: number): ReadonlyMap<number, Uint8Array> {
  const answers = askNetlink(NETLINK_GENERIC, asked, false).flatMap((bytes) => [...netlinkMessages(bytes)]);
  const body = answers.find(({ type }) => type === family)?.body ?? new Uint8Array(HEADER);
  return new Map(attributes(body.subarray(HEADER)));
}

/** Builds a request with one attribute. */
function genericRequest(family: number, command: number, attribute: number, value: Uint8Array): Uint8Array {
  const length = 4 + value.length;
  const { bytes, body } = netlinkRequest(family, 1, HEADER + ((length + 3) & ~3));
  body.setUint8(0, command);
  body.setUint8(1, 1);
  body.setUint16(HEADER, length, true);
  body.setUint16(HEADER + 2, attribute, true);
  new Uint8Array(body.buffer, body.byteOffset + HEADER + 4, value.length).set(value);
  return bytes;
}

const u32 = (value: number) => new Uint8Array(new Uint32Array([value]).buffer);
