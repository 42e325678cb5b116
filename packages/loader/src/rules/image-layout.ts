/**
 * How a whole rule set lies in memory, for the XDP program (packages/bpf/src/xdp/rules.h) and for whoever evaluates it
 * here. One array map is one rule set, its values are lines of 64 bytes, everything in it is little-endian.
 *
 * ```
 * line 0    header
 * root4     2^bits entries {first, count}, by the top bits of the IPv4 address:
 *             count 0: `first` is the value of the whole block
 *             else:    the last of bounds[first .. first + count - 1] that begins at or below the address
 * root6     the same, by the first word of the IPv6 address
 * bounds    {start, value}, ascending inside a block or slice
 * slices    {first, count} into bounds, for the second to fourth word of an IPv6 address
 * services  which class of packets by interface, protocol and destination port (below)
 * rows      a node number for each service
 * nodes     a rule, and which one counts instead when it has expired
 * ```
 */

export const LINE_BYTES = 64;
export const LINE_WORDS = LINE_BYTES / 4;
export const IMAGE_MAGIC = 0x31524c50;

/** Words of the header. Lines are counted from the start of the image, bits are those of the root table's index. */
export const HEADER = {
  magic: 0,
  default_deny: 1,
  /** u64, CLOCK_MONOTONIC: from then on a provisional set does not hold; 0 in a confirmed one. */
  until_mono_ns: 2,
  root4_line: 4,
  root4_bits: 5,
  root6_line: 6,
  root6_bits: 7,
  bounds_line: 8,
  slices_line: 9,
  rows_line: 10,
  service_count: 11,
  nodes_line: 12,
  /** For rules about everybody: a node or a row. */
  any_value: 13,
  /** 0: no rule asks for protocol, port or interface, and every packet is of service 0. */
  services_line: 14,
  has_expiry: 15,
} as const;

/** What a value is: the upper two bits say, the others are a number. */
export const VALUE_KIND = { node: 0, slice: 1, row: 2 } as const;
export const VALUE_KIND_SHIFT = 30;
export const VALUE_NUMBERS = 2 ** VALUE_KIND_SHIFT;

/** Words of entries of two words: root tables, bounds, slices. */
export const PAIR_WORDS = 2;

/** Words of a node. Number 0 is none. */
export const NODE_WORDS = 8;
export const NODE = {
  rule_id: 0,
  counter_slot: 1,
  action: 2,
  /** The next best for the same packets, when this one has expired; 0: none. */
  next: 3,
  /** u64, 0: never. Expired when the wall clock is there or beyond. */
  expires_wall_ns: 4,
} as const;
export const NODE_ACTION = { deny: 1, permit: 2, observe: 3 } as const;

/** Interfaces are told apart by their slot, 0 is none. */
export const INTERFACE_SLOTS = 64;

/** Ports are told apart for these, in this order. */
export const PORT_PROTOCOLS = [6, 17, 132, 136] as const;

/**
 * Lines behind `services_line`:
 *   u8[64]         interface class, by slot
 *   u32[64]        line of the port table, by class * 4 + place in PORT_PROTOCOLS; 0: the protocol table counts
 *   u16[][256]     protocol tables: service by IP protocol, for each class; for packets whose ports were not read, too
 * and port tables: u16[65536], service by destination port.
 */
export const SERVICES = {
  port_tables_line: 1,
  protocol_tables_line: 5,
  protocol_table_lines: 8,
  port_table_lines: 2048,
} as const;

export const ROOT_BITS = { least: 8, most: 20 } as const;
export const CHAIN_LIMIT = 16;
export const INTERFACE_CLASS_LIMIT = 16;
export const SERVICE_LIMIT = 65_535;
