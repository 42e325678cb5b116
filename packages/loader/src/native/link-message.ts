/** `RTM_NEWLINK` messages of rtnetlink(7), as bytes: requests to the kernel and its answers. Pure. */

import {
  aligned,
  attributes,
  endOf,
  NETLINK_HEADER,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  netlinkMessages,
  netlinkRequest,
  number,
  text,
  viewOf,
} from './netlink-message.ts';

/** The kernel's description of one network device of the caller's network namespace. */
export interface LinkFacts {
  ifindex: number;
  name: string;
  /** `ARPHRD_*` of linux/if_arp.h: which header its packets begin with. */
  type: number;
  /** `rtnl_link_ops.kind`: `veth`, `bond`, `tun`, …; undefined for most hardware. */
  kind: string | undefined;
  /** For kind `tun`: whether the device carries IP packets or Ethernet frames. Undefined before Linux 4.17. */
  tunType: 'tun' | 'tap' | undefined;
  /** For kinds `ipvlan` and `ipvtap`. */
  ipvlanMode: 'l2' | 'l3' | 'l3s' | undefined;
  /** Ifindex of the device that this one is a part of (a bond, a bridge, the synthetic device of a VF); 0: none. */
  master: number;
  /** `dev->broadcast`; for an IP tunnel the remote address. */
  broadcast: Uint8Array;
  /** Ids of the XDP programs on the device, in any mode. */
  xdpPrograms: readonly number[];
  isUp: boolean;
  /** Whether the device can carry packets: it is up, and so is what it depends on (cable, peer, lower device). */
  hasCarrier: boolean;
  /** In bytes, without the link header. */
  mtu: number;
  /** Ifindex of the lower device or of the veth's peer, if that is in this network namespace; 0: none. */
  lower: number;
}

const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
/** struct ifinfomsg: u8 family, u8 pad, u16 type, i32 index, u32 flags, u32 change. */
const LINK_HEADER = 16;
const LINK = { type: 2, index: 4, flags: 8 };
const IFF_UP = 1;
/** IFF_LOWER_UP of linux/if.h. */
const IFF_LOWER_UP = 1 << 16;
const IFLA = {
  broadcast: 2,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  linkInfo: 18,
  extMask: 29,
  linkNamespace: 37,
  xdp: 43,
  alternativeName: 53,
};
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_TUN_TYPE = 3;
const TUN_TYPES: Readonly<Record<number, LinkFacts['tunType']>> = { 1: 'tun', 2: 'tap' };
const IFLA_IPVLAN_MODE = 1;
/** enum ipvlan_mode of linux/if_link.h. */
const IPVLAN_MODES: readonly LinkFacts['ipvlanMode'][] = ['l2', 'l3', 'l3s'];
/** IFLA_XDP_PROG_ID, and those of a device with programs in several modes: DRV, SKB, HW. */
const IFLA_XDP_PROGRAMS: readonly number[] = [4, 5, 6, 7];
/** Tells the kernel to omit the statistics. */
const RTEXT_FILTER_SKIP_STATS = 1 << 3;

/** Builds a request for one device by its ifindex. */
export function linkRequest(ifindex: number): Uint8Array {
  const { bytes, body } = netlinkRequest(RTM_GETLINK, NLM_F_REQUEST, LINK_HEADER + 8);
  body.setInt32(LINK.index, ifindex, true);
  writeExtMask(body, LINK_HEADER);
  return bytes;
}

/** Builds a request for all devices. */
export function allLinksRequest(): Uint8Array {
  const { bytes, body } = netlinkRequest(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, LINK_HEADER + 8);
  writeExtMask(body, LINK_HEADER);
  return bytes;
}

/** Builds a request for one device by its name or an alternative name, which may have up to 127 bytes. */
export function namedLinkRequest(name: string): Uint8Array {
  const encoded = new TextEncoder().encode(`${name}\0`);
  const length = 4 + encoded.length;
  const { bytes, body } = netlinkRequest(RTM_GETLINK, NLM_F_REQUEST, LINK_HEADER + 8 + aligned(length));
  writeExtMask(body, LINK_HEADER);
  const at = LINK_HEADER + 8;
  body.setUint16(at, length, true);
  body.setUint16(at + 2, IFLA.alternativeName, true);
  bytes.set(encoded, NETLINK_HEADER + at + 4);
  return bytes;
}

function writeExtMask(body: DataView, at: number): void {
  body.setUint16(at, 8, true);
  body.setUint16(at + 2, IFLA.extMask, true);
  body.setUint32(at + 4, RTEXT_FILTER_SKIP_STATS, true);
}

export interface LinkAnswer {
  links: LinkFacts[];
  /** This message ends the answer. */
  done: boolean;
  /** 0, or why the kernel rejected the request: ENODEV where there is no such device. */
  errno: number;
}

/** Parses the result of one `recv`. Stops at a message that does not fit its own length. */
export function readLinks(bytes: Uint8Array): LinkAnswer {
  const answer: LinkAnswer = { links: [], done: false, errno: 0 };
  for (const message of netlinkMessages(bytes)) {
    const end = endOf(message);
    if (end) Object.assign(answer, { done: true, errno: end.errno || answer.errno });
    const { type, body } = message;
    if (type === RTM_NEWLINK && body.length >= LINK_HEADER) answer.links.push(readLink(body));
  }
  return answer;
}

function readLink(message: Uint8Array): LinkFacts {
  const view = viewOf(message);
  const flags = view.getUint32(LINK.flags, true);
  let isLowerElsewhere = false;
  const facts: LinkFacts = {
    ifindex: view.getInt32(LINK.index, true),
    name: '',
    type: view.getUint16(LINK.type, true),
    kind: undefined,
    tunType: undefined,
    ipvlanMode: undefined,
    master: 0,
    broadcast: new Uint8Array(0),
    xdpPrograms: [],
    isUp: (flags & IFF_UP) !== 0,
    hasCarrier: (flags & IFF_LOWER_UP) !== 0,
    mtu: 0,
    lower: 0,
  };
  for (const [type, value] of attributes(message.subarray(LINK_HEADER))) {
    if (type === IFLA.name) facts.name = text(value);
    else if (type === IFLA.broadcast) facts.broadcast = value.slice();
    else if (type === IFLA.master) facts.master = number(value);
    else if (type === IFLA.mtu) facts.mtu = number(value);
    else if (type === IFLA.link) facts.lower = number(value);
    else if (type === IFLA.linkNamespace) isLowerElsewhere = true;
    else if (type === IFLA.linkInfo) Object.assign(facts, readLinkInfo(value));
    else if (type === IFLA.xdp) facts.xdpPrograms = programsOf(value);
  }
  // The ifindex of a device elsewhere may be that of another device here.
  if (isLowerElsewhere) facts.lower = 0;
  return facts;
}

function readLinkInfo(linkInfo: Uint8Array): Pick<LinkFacts, 'kind' | 'tunType' | 'ipvlanMode'> {
  const info = new Map(attributes(linkInfo));
  const name = info.get(IFLA_INFO_KIND);
  const kind = name && text(name);
  const data = new Map(attributes(info.get(IFLA_INFO_DATA) ?? new Uint8Array(0)));
  const tunType = kind === 'tun' ? TUN_TYPES[data.get(IFLA_TUN_TYPE)?.[0] ?? 0] : undefined;
  const isIpvlan = kind === 'ipvlan' || kind === 'ipvtap';
  const ipvlanMode = isIpvlan ? IPVLAN_MODES[data.get(IFLA_IPVLAN_MODE)?.[0] ?? 0] : undefined;
  return { kind, tunType, ipvlanMode };
}

function programsOf(xdp: Uint8Array): number[] {
  const ids = [...attributes(xdp)]
    .filter(([type]) => IFLA_XDP_PROGRAMS.includes(type))
    .map(([, value]) => number(value));
  return [...new Set(ids)].filter((id) => id !== 0);
}
