/** What XDP would have seen of a captured frame: its link layer decides. */
import type { CapturedFrame } from './captured-frame.ts';

/** LINKTYPE_* numbers (https://www.tcpdump.org/linktypes.html). */
const ETHERNET = 1;
/** Frames that begin with the IP header: 12 and 14 are the numbers of some BSDs, 228 and 229 IPv4 and IPv6 alone. */
const RAW_IP: ReadonlySet<number> = new Set([101, 12, 14, 228, 229]);
const LINUX_COOKED = 113;
const LINUX_COOKED_V2 = 276;

const ETHERNET_HEADER = 14;
const ADDRESSES = 12;
/** Packet type of a cooked frame that the machine itself sent (PACKET_OUTGOING of linux/if_packet.h). */
const OUTGOING = 4;
/** ARPHRD_NETLINK of linux/if_arp.h: messages between kernel and processes, not packets. */
const NETLINK_DEVICE = 824;

/** BPF_PROG_TEST_RUN takes no shorter frame: the length of an Ethernet header. */
const LEAST_BYTES = ETHERNET_HEADER;

/** Why a frame is not replayed. */
export type NotReplayed = 'link_type' | 'outgoing' | 'too_short';

export interface SeenFrame {
  /** What the bytes begin with. */
  readonly link: 'ethernet' | 'ip';
  readonly bytes: Uint8Array;
  /** Length of the whole frame. */
  readonly length: number;
}

/** Fields of a cooked header: offsets, u16 unless said. */
const COOKED = {
  [LINUX_COOKED]: { size: 16, protocol: 14, device: 2, typeLow: 1 },
  [LINUX_COOKED_V2]: { size: 20, protocol: 0, device: 8, typeLow: 10 },
} as const;

/** Returns the frame as XDP would have seen it, or why XDP would not, or cannot, see it. */
export function seenFrame(frame: CapturedFrame): SeenFrame | NotReplayed {
  const { bytes, length } = frame;
  const { linkType } = frame.interface;
  if (linkType === LINUX_COOKED || linkType === LINUX_COOKED_V2) return uncooked(frame, COOKED[linkType]);
  if (linkType !== ETHERNET && !RAW_IP.has(linkType)) return 'link_type';
  if (frame.isOutgoing) return 'outgoing';
  if (bytes.length < LEAST_BYTES) return 'too_short';
  return { link: linkType === ETHERNET ? 'ethernet' : 'ip', bytes, length };
}

/** Replaces the header of a capture of all interfaces by an Ethernet header without addresses. */
function uncooked(
  { bytes, length, isOutgoing }: CapturedFrame,
  { size, protocol, device, typeLow }: (typeof COOKED)[keyof typeof COOKED],
): SeenFrame | NotReplayed {
  if (bytes.length < size) return 'too_short';
  if ((((bytes[device] ?? 0) << 8) | (bytes[device + 1] ?? 0)) === NETLINK_DEVICE) return 'link_type';
  if (isOutgoing || bytes[typeLow] === OUTGOING) return 'outgoing';
  const rebuilt = new Uint8Array(ETHERNET_HEADER + bytes.length - size);
  rebuilt.set(bytes.subarray(protocol, protocol + 2), ADDRESSES);
  rebuilt.set(bytes.subarray(size), ETHERNET_HEADER);
  return { link: 'ethernet', bytes: rebuilt, length: length - size + ETHERNET_HEADER };
}
