/**
 * The PacketLog record: 64 bytes, little-endian, no padding.
 *
 * This table is the single source of the layout. The C header of the XDP program is generated from it, the codec reads
 * with it, and a test compares the BTF of the compiled object with it.
 *
 * ```
 *  0        8                24               40      44      48  50  52  54  56  58  60 61 62 63
 *  ├────────┼────────────────┼────────────────┼───────┼───────┼───┼───┼───┼───┼───┼───┼──┼──┼──┼──┤
 *  │ time   │ source address │ dest. address  │ rule  │ iface │len│wgt│src│dst│eth│vln│pr│fl│ac│re│
 * ```
 */

/** A field's wire type. Integers are little-endian; `addr` is 16 bytes in network byte order. */
export type PacketLogFieldType = 'u8' | 'u16' | 'u32' | 'u64' | 'addr';

export interface PacketLogField {
  readonly name: string;
  /** Bytes from the start of the record. */
  readonly offset: number;
  readonly type: PacketLogFieldType;
  readonly doc: string;
}

/** Width of each field type in bytes. */
export const FIELD_BYTES: Readonly<Record<PacketLogFieldType, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  addr: 16,
};

/** Bytes of one record: exactly one cache line. */
export const PACKET_LOG_SIZE = 64;

export const PACKET_LOG_FIELDS = [
  { name: 'timestamp_ns', offset: 0, type: 'u64', doc: 'wall clock, ns since the Unix epoch' },
  { name: 'src_addr', offset: 8, type: 'addr', doc: 'IPv6, or IPv4 as ::ffff:a.b.c.d; zero if not IP' },
  { name: 'dst_addr', offset: 24, type: 'addr', doc: 'IPv6, or IPv4 as ::ffff:a.b.c.d; zero if not IP' },
  { name: 'rule_id', offset: 40, type: 'u32', doc: 'the rule that decided, 0 = none' },
  { name: 'ifindex', offset: 44, type: 'u32', doc: 'interface the frame arrived on' },
  { name: 'length', offset: 48, type: 'u16', doc: 'frame length at the hook in bytes, saturates at 65535' },
  { name: 'weight', offset: 50, type: 'u16', doc: 'packets this record stands for, 1 = not sampled' },
  { name: 'src_port', offset: 52, type: 'u16', doc: 'host order, 0 where the protocol has none' },
  { name: 'dst_port', offset: 54, type: 'u16', doc: 'host order; ICMP: type * 256 + code, as in IPFIX' },
  { name: 'ether_type', offset: 56, type: 'u16', doc: 'host order, after VLAN tags' },
  {
    name: 'vlan_id',
    offset: 58,
    type: 'u16',
    doc: 'id of the outer VLAN tag, 0 = none, 4096 = priority tag',
  },
  { name: 'ip_protocol', offset: 60, type: 'u8', doc: 'IANA number after IPv6 extension headers, 255 = none' },
  { name: 'tcp_flags', offset: 61, type: 'u8', doc: 'TCP flags byte: CWR ECE URG ACK PSH RST SYN FIN' },
  { name: 'action', offset: 62, type: 'u8', doc: 'XDP action: 0 aborted, 1 drop (deny), 2 pass (permit)' },
  { name: 'reason', offset: 63, type: 'u8', doc: 'why: one of REASONS' },
] as const satisfies readonly PacketLogField[];

export type PacketLogFieldName = (typeof PACKET_LOG_FIELDS)[number]['name'];

/** Bytes from the start of the record, by field. */
export const FIELD_OFFSETS = Object.fromEntries(
  PACKET_LOG_FIELDS.map(({ name, offset }) => [name, offset]),
) as Readonly<Record<PacketLogFieldName, number>>;

/** `enum xdp_action` of linux/bpf.h, limited to the actions that a record can have, in PacketLog's words. */
export const ACTIONS = { aborted: 0, deny: 1, permit: 2 } as const;
export type Action = keyof typeof ACTIONS;

/**
 * Why a packet got its verdict, or what the parser could not read. Each number has one meaning and is never reused; new
 * reasons are added at the end.
 */
export const REASONS = {
  /** Nothing special. */
  none: 0,
  /** A rule decided; its id is in `rule_id`. */
  rule: 1,
  /** An observe rule matched: it would have been denied. */
  would_deny: 2,
  /** No rule matched and the default policy is deny. */
  default_policy: 3,
  /** A header is inconsistent with itself or with the enclosing header (version, a length); fields before it are kept. */
  malformed: 4,
  /** The frame, or the datagram in it, ends inside a header; what was read before is kept. */
  truncated: 5,
  /** A later fragment: it has no layer 4 header, so no ports. */
  fragment: 6,
  /** More IPv6 extension headers than the parser follows. */
  extension_limit: 7,
  /** Neither IPv4 nor IPv6; `ether_type` has the type. */
  not_ip: 8,
  /** More VLAN tags than the parser follows. */
  vlan_limit: 9,
  /** The packet was over a limit, whose rule is in `rule_id`: denied. */
  limit: 10,
  /** The packet was over a limit that is not enforced: it would have been denied. */
  would_limit: 11,
} as const;
export type Reason = keyof typeof REASONS;

/** `ip_protocol` where there is none (255 is reserved by IANA). */
export const IP_PROTOCOL_NONE = 255;

/** VLAN tags the parser follows before it gives `vlan_limit`. */
export const VLAN_TAG_LIMIT = 4;

/**
 * `vlan_id` of a frame whose outer tag has the id 0: a priority tag (IEEE 802.1Q, 9.6). 0 means no tag. Linux once used
 * this bit to distinguish a tag from none (VLAN_TAG_PRESENT); ids have 12 bits, so it is free.
 */
export const VLAN_PRIORITY_TAG = 0x1000;

/** IPv6 extension headers the parser follows before it gives `extension_limit`. */
export const EXTENSION_HEADER_LIMIT = 8;
