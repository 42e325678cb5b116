/** `RTM_NEWLINK` messages of rtnetlink(7), as bytes: what is asked of the kernel and what it answers. Pure. */

/** What the kernel says of one network device of the caller's network namespace. */
export interface LinkFacts {
  ifindex: number;
  name: string;
  /** `ARPHRD_*` of linux/if_arp.h: which header its packets begin with. */
  type: number;
  /** `rtnl_link_ops.kind`: `veth`, `bond`, `tun`, …; undefined for most hardware. */
  kind: string | undefined;
  /** ifindex of the device that it is a member of (bond, team, bridge, VRF); 0 for none. */
  master: number;
  /** `dev->broadcast`; of an IP tunnel the remote address. */
  broadcast: Uint8Array;
  /** Ids of the XDP programs on it, whichever mode. */
  xdpPrograms: readonly number[];
}

const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST = 1;
/** struct nlmsghdr, then struct ifinfomsg: u8 family, u8 pad, u16 type, i32 index, u32 flags, u32 change. */
const HEADER = 16;
const LINK_HEADER = 16;
const LINK = { type: 2, index: 4 };
const IFLA = { broadcast: 2, name: 3, master: 10, linkInfo: 18, extMask: 29, xdp: 43 };
const IFLA_INFO_KIND = 1;
/** IFLA_XDP_PROG_ID, and those of a device with programs in several modes: DRV, SKB, HW. */
const IFLA_XDP_PROGRAMS: readonly number[] = [4, 5, 6, 7];
/** The kernel leaves the statistics out. */
const RTEXT_FILTER_SKIP_STATS = 1 << 3;
/** The upper bits of an attribute's type are flags (NLA_F_NESTED). */
const ATTRIBUTE_TYPE = 0x3fff;

/** Asks for one device by its ifindex. */
export function linkRequest(ifindex: number): Uint8Array {
  const bytes = new Uint8Array(HEADER + LINK_HEADER + 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, RTM_GETLINK, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  view.setInt32(HEADER + LINK.index, ifindex, true);
  view.setUint16(HEADER + LINK_HEADER, 8, true);
  view.setUint16(HEADER + LINK_HEADER + 2, IFLA.extMask, true);
  view.setUint32(HEADER + LINK_HEADER + 4, RTEXT_FILTER_SKIP_STATS, true);
  return bytes;
}

export interface LinkAnswer {
  links: LinkFacts[];
  /** Nothing more comes. */
  done: boolean;
  /** 0, or why the kernel rejected the request: ENODEV where there is no such device. */
  errno: number;
}

/** Reads what one `recv` gave. A message that does not fit its own length ends the reading. */
export function readLinks(bytes: Uint8Array): LinkAnswer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const answer: LinkAnswer = { links: [], done: false, errno: 0 };
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > bytes.length) break;
    const type = view.getUint16(at + 4, true);
    if (type === NLMSG_DONE) answer.done = true;
    if (type === NLMSG_ERROR) {
      answer.done = true;
      if (length >= HEADER + 4) answer.errno = -view.getInt32(at + HEADER, true);
    }
    if (type === RTM_NEWLINK && length >= HEADER + LINK_HEADER) {
      answer.links.push(readLink(bytes.subarray(at + HEADER, at + length)));
    }
    at += aligned(length);
  }
  return answer;
}

function readLink(message: Uint8Array): LinkFacts {
  const view = viewOf(message);
  const facts: LinkFacts = {
    ifindex: view.getInt32(LINK.index, true),
    name: '',
    type: view.getUint16(LINK.type, true),
    kind: undefined,
    master: 0,
    broadcast: new Uint8Array(0),
    xdpPrograms: [],
  };
  for (const [type, value] of attributes(message.subarray(LINK_HEADER))) {
    if (type === IFLA.name) facts.name = text(value);
    else if (type === IFLA.master) facts.master = number(value);
    else if (type === IFLA.broadcast) facts.broadcast = value.slice();
    else if (type === IFLA.linkInfo) facts.kind = kindOf(value);
    else if (type === IFLA.xdp) facts.xdpPrograms = programsOf(value);
  }
  return facts;
}

function kindOf(linkInfo: Uint8Array): string | undefined {
  for (const [type, value] of attributes(linkInfo)) if (type === IFLA_INFO_KIND) return text(value);
  return undefined;
}

function programsOf(xdp: Uint8Array): number[] {
  const ids = [...attributes(xdp)]
    .filter(([type]) => IFLA_XDP_PROGRAMS.includes(type))
    .map(([, value]) => number(value));
  return [...new Set(ids)].filter((id) => id !== 0);
}

/** struct nlattr: u16 length with its header of 4 bytes, u16 type; each begins at a multiple of 4. */
function* attributes(bytes: Uint8Array): Generator<[number, Uint8Array]> {
  const view = viewOf(bytes);
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) return;
    yield [view.getUint16(at + 2, true) & ATTRIBUTE_TYPE, bytes.subarray(at + 4, at + length)];
    at += aligned(length);
  }
}

const aligned = (length: number) => (length + 3) & ~3;
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const number = (bytes: Uint8Array) => (bytes.length >= 4 ? viewOf(bytes).getUint32(0, true) : 0);

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
