/** Asks the driver of a network device: the SIOCETHTOOL requests of linux/ethtool.h, in this thread's network namespace. */
import { C, call } from './ffi.ts';
import { closeDescriptor } from './libc.ts';
import { viewOf } from './netlink-message.ts';

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SIOCETHTOOL = 0x8946;
const COMMAND = { driver: 0x03, strings: 0x1b, stringCounts: 0x37, features: 0x3a, channels: 0x3c } as const;
/** struct ifreq of linux/if.h: 16 bytes of name, then a pointer to the request. */
const IFREQ = { size: 40, nameBytes: 16, data: 16 };
/** struct ethtool_drvinfo: u32 command, then the driver's name in 32 bytes. */
const DRIVER = { size: 196, name: 4, nameBytes: 32 };
/** ETH_SS_FEATURES. */
const FEATURE_NAMES = 4;
/** ETH_GSTRING_LEN. */
const NAME_BYTES = 32;
/** struct ethtool_get_features_block: u32 available, requested, active, never_changed. */
const BLOCK = { size: 16, available: 0, active: 8, neverChanged: 12 };
/** struct ethtool_channels: u32 command, the maxima of rx, tx, other and combined, then the current numbers. */
const CHANNELS = { size: 36, maxCombined: 16, rx: 20, tx: 24, combined: 32 };

export interface Channels {
  /** Queues in use. A combined channel has a queue of each direction. */
  rx: number;
  tx: number;
  combined: number;
  maxCombined: number;
}

export interface Feature {
  isOn: boolean;
  /** The driver cannot change it. */
  isFixed: boolean;
}

/** Returns the name of the driver; undefined if the device has none or does not answer. */
export function driverOf(device: string): string | undefined {
  const answer = ask(device, request(COMMAND.driver, DRIVER.size));
  const name = answer && textOf(answer.subarray(DRIVER.name, DRIVER.name + DRIVER.nameBytes));
  return name === '' ? undefined : name;
}

/** Returns the features of the device by the kernel's names (netdev_features_strings): `rx-lro`, `rx-gro-hw`. */
export function featuresOf(device: string): ReadonlyMap<string, Feature> {
  const names = featureNames(device);
  const blocks = Math.ceil(names.length / 32);
  const bytes = request(COMMAND.features, 8 + blocks * BLOCK.size);
  viewOf(bytes).setUint32(4, blocks, true);
  const answer = names.length === 0 ? undefined : ask(device, bytes);
  if (!answer) return new Map();
  const view = viewOf(answer);
  const isSet = (bit: number, field: number) => {
    const word = view.getUint32(8 + Math.floor(bit / 32) * BLOCK.size + field, true);
    return ((word >>> (bit % 32)) & 1) === 1;
  };
  const featureAt = (bit: number): Feature => ({
    isOn: isSet(bit, BLOCK.active),
    isFixed: !isSet(bit, BLOCK.available) || isSet(bit, BLOCK.neverChanged),
  });
  return new Map(names.map((name, bit) => [name, featureAt(bit)]));
}

/** Returns the numbers of queues; undefined if the driver does not tell. */
export function channelsOf(device: string): Channels | undefined {
  const answer = ask(device, request(COMMAND.channels, CHANNELS.size));
  if (!answer) return undefined;
  const view = viewOf(answer);
  const at = (offset: number) => view.getUint32(offset, true);
  const { rx, tx, combined, maxCombined } = CHANNELS;
  return { rx: at(rx), tx: at(tx), combined: at(combined), maxCombined: at(maxCombined) };
}

function featureNames(device: string): string[] {
  // struct ethtool_sset_info: u32 command, u32 reserved, u64 mask, then one u32 for each bit of the mask.
  const counting = request(COMMAND.stringCounts, 20);
  viewOf(counting).setBigUint64(8, 1n << BigInt(FEATURE_NAMES), true);
  const counted = ask(device, counting);
  const count = counted ? viewOf(counted).getUint32(16, true) : 0;
  // struct ethtool_gstrings: u32 command, u32 set, u32 count, then the names.
  const naming = request(COMMAND.strings, 12 + count * NAME_BYTES);
  viewOf(naming).setUint32(4, FEATURE_NAMES, true);
  viewOf(naming).setUint32(8, count, true);
  const named = count === 0 ? undefined : ask(device, naming);
  if (!named) return [];
  return Array.from({ length: count }, (_, i) =>
    textOf(named.subarray(12 + i * NAME_BYTES, 12 + (i + 1) * NAME_BYTES)),
  );
}

function request(command: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  viewOf(bytes).setUint32(0, command, true);
  return bytes;
}

/** Returns the driver's answer; undefined if it rejects the request, or the device does not exist. */
function ask(device: string, bytes: Uint8Array): Uint8Array | undefined {
  const name = new TextEncoder().encode(device);
  if (name.length >= IFREQ.nameBytes) return undefined;
  const socket = call('libc', 'socket', C.int, [
    [C.int, AF_INET],
    [C.int, SOCK_DGRAM_CLOEXEC],
    [C.int, 0],
  ]).value;
  if (socket < 0) return undefined;
  // The kernel follows a pointer in the request, so the bytes need an address.
  const address = call('libc', 'malloc', C.pointer, [[C.size, bytes.length]]).value;
  try {
    copy([C.pointer, address], [C.bytes, bytes], bytes.length);
    const ifreq = new Uint8Array(IFREQ.size);
    ifreq.set(name);
    viewOf(ifreq).setBigUint64(IFREQ.data, BigInt(address), true);
    const { value } = call('libc', 'ioctl', C.int, [
      [C.int, socket],
      [C.long, SIOCETHTOOL],
      [C.bytes, ifreq],
    ]);
    if (value < 0) return undefined;
    const answer = new Uint8Array(bytes.length);
    copy([C.bytes, answer], [C.pointer, address], bytes.length);
    return answer;
  } finally {
    call('libc', 'free', C.pointer, [[C.pointer, address]]);
    closeDescriptor(socket);
  }
}

type Place = Parameters<typeof call>[3][number];

function copy(to: Place, from: Place, length: number): void {
  call('libc', 'memcpy', C.pointer, [to, from, [C.size, length]]);
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
