/** Messages and attributes of netlink(7), as bytes. Pure. */

/** struct nlmsghdr: u32 length with this header, u16 type, u16 flags, u32 sequence, u32 port. */
export const NETLINK_HEADER = 16;
export const NLM_F_REQUEST = 1;
export const NLM_F_DUMP = 0x300;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
/** Mask: the upper bits of an attribute's type are flags (NLA_F_NESTED). */
const ATTRIBUTE_TYPE = 0x3fff;

export interface NetlinkMessage {
  type: number;
  /** Without the header. */
  body: Uint8Array;
}

/** Builds a request with room for `bodyBytes` after the header. */
export function netlinkRequest(type: number, flags: number, bodyBytes: number): { bytes: Uint8Array; body: DataView } {
  const bytes = new Uint8Array(NETLINK_HEADER + bodyBytes);
  const view = viewOf(bytes);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  return { bytes, body: viewOf(bytes.subarray(NETLINK_HEADER)) };
}

/** Parses the result of one `recv`. Stops at a message that does not fit its own length. */
export function* netlinkMessages(bytes: Uint8Array): Generator<NetlinkMessage> {
  const view = viewOf(bytes);
  for (let at = 0; at + NETLINK_HEADER <= bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < NETLINK_HEADER || at + length > bytes.length) return;
    yield { type: view.getUint16(at + 4, true), body: bytes.subarray(at + NETLINK_HEADER, at + length) };
    at += aligned(length);
  }
}

/**
 * Returns errno 0, or why the kernel rejected the request, for a message that ends an answer; undefined for other
 * messages.
 */
export function endOf({ type, body }: NetlinkMessage): { errno: number } | undefined {
  if (type === NLMSG_DONE) return { errno: 0 };
  if (type !== NLMSG_ERROR) return undefined;
  return { errno: body.length >= 4 ? -viewOf(body).getInt32(0, true) : 0 };
}

/**
 * Parses attributes: struct nlattr has a u16 length with its header of 4 bytes, and a u16 type; each begins at a
 * multiple of 4.
 */
export function* attributes(bytes: Uint8Array): Generator<[number, Uint8Array]> {
  const view = viewOf(bytes);
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) return;
    yield [view.getUint16(at + 2, true) & ATTRIBUTE_TYPE, bytes.subarray(at + 4, at + length)];
    at += aligned(length);
  }
}

/** Rounds a length up to where the next message or attribute begins. */
export const aligned = (length: number) => (length + 3) & ~3;
export const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
/** Reads a u32; 0 if it is absent. */
export const number = (bytes: Uint8Array | undefined) =>
  bytes !== undefined && bytes.length >= 4 ? viewOf(bytes).getUint32(0, true) : 0;

export function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
