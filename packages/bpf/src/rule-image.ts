/**
 * The image of a rule set: one array map of 64-byte lines (`struct rule_line`), all little-endian u32 unless noted.
 * packages/bpf/src/xdp/rule_image.h has the same names and is tested against this file.
 *
 * ```
 *  line 0   header                       HEADER, words
 *  limits   by number, from line 1 on    a line each, RULE_LIMIT
 *  conditions                            a line each, RULE_CONDITION
 *  root4    by the top bits of an IPv4 address                 a line each, RULE_BLOCK
 *  filter   by the top bits of an IPv4 address                 a line each, RULE_FILTER, decides most addresses
 *  root6    by the top bits of word 0 of an IPv6 address       {first, count}
 *  bounds   ascending starts within a slice                    {start, value}
 *  slices   IPv6, words 1 to 3: the bounds to search next      {first, count}
 *  rows     one node number for each service
 *  nodes    32 bytes each, number 0 is none                    NODE
 *  services interface classes, port tables, protocol tables    SERVICES
 * ```
 * One line decides an IPv4 address unless too many bounds lie in its block: a packet from any source costs one uncached
 * line. A root6 entry of count 0 holds its value in `first`. A value is a number with its kind in the two top bits.
 */

/** Bytes of a line, and the number of entries of each table in it. */
export const RULE_LINE = { size: 64, words: 16, pairs: 8, nodes: 2 } as const;

/** "PLR1". */
export const RULE_IMAGE_MAGIC = 0x3152_4c50;

/** Byte offsets of the words in line 0. */
export const RULE_HEADER = {
  magic: 0,
  /** u8, this and the next three. */
  default_deny: 4,
  root4_bits: 5,
  root6_bits: 6,
  filter_bits: 7,
  /** u64: CLOCK_MONOTONIC in ns; 0 in the confirmed slot. */
  until_mono_ns: 8,
  root4_line: 16,
  root6_line: 20,
  bounds_line: 24,
  slices_line: 28,
  rows_line: 32,
  /** u16. */
  service_count: 36,
  /** u8, this and the next. */
  limit_count: 38,
  reserved: 39,
  nodes_line: 40,
  /** Value of the source `any`: a node or a row. */
  any_value: 44,
  /** 0: no rule has a protocol, a port or an interface; the service is always 0. */
  services_line: 48,
  /** 0: there is no filter. */
  filter_line: 52,
  /** Value of addresses without a bit in the filter. */
  usual_value: 56,
  whole_value: 60,
} as const;

/**
 * A line of root4, by its first word `more`:
 *
 * - 0: the value is values[i], i being the number of starts at or below the address. Unused starts are the last address,
 *   with the value of the last used start.
 * - `packed`, if a block has at most 65,536 addresses: the same with the lower halves of the starts, which leaves room for
 *   more, and with two bits for each value: its index in the line of values before the filter.
 * - otherwise the value is in the last of the `more` bounds from number starts[0] on that starts at or below the address.
 */
export const RULE_BLOCK = {
  /** Word. */
  more: 0,
  /** Words. */
  starts: 1,
  max_starts: 7,
  values: 8,
  packed: 0xffff_ffff,
  packed_values: 4,
  /** Halves: a u64, the first value in its lowest bits. */
  packed_kinds: 2,
  /** Halves. */
  packed_starts: 6,
  max_packed_starts: 26,
} as const;

/**
 * The line before the filter has the values of packed blocks, beginning with `usual_value` and `whole_value`.
 *
 * A line of the filter, byte offsets. For each of 64 parts of its addresses it has a bit if the whole part has
 * `whole_value`, and one if the part must be looked up; then a Bloom filter with three bits per key. A key is a 128th of a
 * part that contains a bound. An address without any of these bits has `usual_value`.
 */
export const RULE_FILTER = {
  fields: { whole: 0, ask: 8, keys: 16 },
  /** Bits of the number of parts of a line, and of keys of a part. */
  part_bits: 6,
  part_key_bits: 7,
  key_bits: 384,
  /** Factors of the key: both halves of the first product and the upper half of the second choose a bit each. */
  hash_1: 0x9e37_79b1,
  hash_2: 0x85eb_ca6b,
  min: 8,
  max: 16,
} as const;

export const RULE_ROOT_BITS = { min: 8, max: 20 } as const;

/** Kinds of a value, its top two bits. */
export const RULE_VALUE = { node: 0, slice: 1, row: 2, shift: 30 } as const;

/** `struct rule_node`: byte offsets; `expires_wall_ns` is u64, 0 = never. `condition` is the line of one, 0 = none. */
export const RULE_NODE = {
  size: 32,
  fields: { rule_id: 0, counter_slot: 4, action: 8, next: 12, expires_wall_ns: 16, limits: 24, condition: 28 },
} as const;

/**
 * Actions of a node. permit wins over deny, deny over limits, limits over observe. A node of the action `limit` belongs to
 * no rule: it has the numbers of up to four limits, and the next node decides if the packet is under all of them.
 */
export const RULE_ACTION = { deny: 1, permit: 2, observe: 3, limit: 4 } as const;

/** A line of a limit: `struct rule_limit`. Numbers are u32; u8 from `measure` to `cell_shift`; u64 from `expires_wall_ns` to `mask6`. */
export const RULE_LIMIT = {
  size: 64,
  fields: {
    rule_id: 0,
    /** Counts what the limit sees, and is the index of its state. */
    counter_slot: 4,
    /** Counts what is over. */
    over_slot: 8,
    measure: 12,
    per: 13,
    /** `flags`, below. */
    flags: 14,
    /** From ns to units of cells. */
    cell_shift: 15,
    expires_wall_ns: 16,
    /** ns for each packet or byte, shifted left by `cost_shift`. */
    cost: 24,
    burst_ns: 32,
    /** 0: none. */
    block_ns: 40,
    /** Of the first half of an IPv6 source, and of an IPv4 source, as bytes in network order. */
    mask6: 48,
    mask4: 56,
    /** Line of a condition; 0: none. */
    condition: 60,
  },
  cost_shift: 16,
  per_packet: 4,
  /** Numbers of limits have a byte, whose highest bit says that the limit is one of connections. */
  max: 64,
  number: 0x7f,
  connections: 0x80,
  flags: { enforced: 1, bans: 2 },
  measures: { packets: 0, bytes: 1, syn: 2, connections: 3, ports: 4 },
  pers: { source: 0, rule: 1, port: 2 },
} as const;

/**
 * A line of a condition: `struct rule_condition`, all u64. A packet meets it if its key and its destination have the given
 * values under the masks, and its length is in the range.
 */
export const RULE_CONDITION = {
  size: 64,
  fields: {
    key_mask: 0,
    key_value: 8,
    /** As bytes in network order. */
    dst_high: 16,
    dst_low: 24,
    dst_high_mask: 32,
    dst_low_mask: 40,
    length_from: 48,
    length_to: 56,
  },
} as const;

/**
 * Bits of a packet's key (packages/bpf/src/xdp/rule_key.h) that conditions compare: what was read of the packet, and from
 * `tcp_flags` on the flags. A length above `max_length` counts as that.
 */
export const RULE_KEY = {
  flags_read: 31,
  ipv4: 32,
  ipv6: 33,
  fragment: 35,
  tcp_flags: 40,
  max_length: 0xffff,
} as const;

/**
 * `struct limit_state`: the levels of a limit. Survives changes of rules, and of the loader. Limits of packets, bytes and SYN
 * have `cells` and `table`; those of connections and ports have `wide` in their place.
 */
export const LIMIT_STATE = {
  size: 524_352,
  /** `shape`: which of them, `shapes`. */
  fields: { seed: 0, tick_ns: 8, evictions: 16, shape: 24, cells: 64, table: 262_208, wide: 64 },
  cell_bits: 16,
  set_bits: 12,
  wide_set_bits: 11,
  ways: 4,
  shapes: { cells: 0, connections: 1, ports: 2 },
} as const;

/** `struct limit_wide_entry`, all u64; times are jiffies in ns. `began` to `connections` of connections, `ports` of ports. */
export const LIMIT_WIDE_ENTRY = {
  size: 64,
  fields: {
    /** The bucket. */
    key: 0,
    /** When the bucket is empty; bit 0: when its block ends. It is free if that is not in the future. */
    arrival: 8,
    /** When the bucket was last empty. */
    began: 16,
    /** When a verified connection was over; 0: none since the bucket was empty. */
    over_since: 24,
    /** Verified since `began`. */
    connections: 32,
  },
  /** The last ports, u16. */
  ports: 16,
  max_ports: 24,
} as const;

/** `struct connection_state`: TCP connections that are not verified yet, or denied. Entries are for the program only. */
export const CONNECTION_STATE = {
  size: 131_136,
  /** `evicted`: connections that were given up before they were verified. */
  fields: { seed: 0, evicted: 8 },
  set_bits: 12,
  ways: 4,
} as const;

/** Maximum length of a chain of nodes. The compiler rejects longer ones. */
export const RULE_CHAIN_LIMIT = 16;

/** Lines from `services_line`. */
export const RULE_SERVICES = {
  /** u8 by interface slot. */
  interface_classes: 0,
  /** u32 by interface class * `port_protocols` + `RULE_PORT_PROTOCOL`: line of a port table, 0 = none. */
  port_tables: 1,
  port_protocols: 4,
  /** u16 by interface class * 256 + ip_protocol. */
  protocols: 5,
  protocol_lines: 8,
  /** A port table: u16 by destination port. */
  port_table_lines: 2048,
  max_interface_classes: 16,
  max_services: 65_535,
} as const;

/** Index of a protocol with ports, by its number. */
export const RULE_PORT_PROTOCOL = { 6: 0, 17: 1, 132: 2, 136: 3 } as const;

/** `struct rule_counter`, all u64, at counter_slot * cpu_count + cpu. */
export const RULE_COUNTER = { size: 32, fields: { packets: 0, bytes: 8, last_seen_wall_ns: 16 } } as const;

/** Slots of `rule_images`. The provisional image is in force while it is present and has not expired. */
export const RULE_SLOTS = { confirmed: 0, provisional: 1 } as const;
