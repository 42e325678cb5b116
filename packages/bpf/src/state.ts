/**
 * Byte layouts that loader and program share besides the record: little-endian, offsets from the start of the struct of
 * the same name. A test compares them with the BTF of the object.
 */

/** `struct packetlog_knobs`, all u32. */
export const KNOBS = {
  size: 28,
  fields: {
    cpu_count: 0,
    log_permits: 4,
    log_denies: 8,
    ring_records: 12,
    deny_records: 16,
    clock: 20,
    sample: 24,
  },
} as const;

/** `enum clock_policy`. */
export const CLOCK_POLICIES = { precise: 0, cached: 1, auto: 2 } as const;

/** `struct packetlog_runtime`, all u64. */
export const RUNTIME = { size: 24, fields: { clock_offset_ns: 0, unaccounted: 8, unwatched_ifindex: 16 } } as const;

/** `struct array_line`, all u64, and the index of each line in `struct array_control`. */
export const ARRAY_LINE = {
  size: 64,
  fields: { position: 0, need_wakeup: 8, polling: 16 },
  producer: 0,
  consumer: 1,
  perRing: 2,
} as const;

/** `struct interface_counters`, all u64, one for each slot and possible CPU. */
export const COUNTERS = {
  size: 256,
  fields: {
    seen: 0,
    bytes: 8,
    permitted: 16,
    denied: 24,
    emitted: 32,
    sampled_out: 40,
    filtered_out: 48,
    ring_full: 56,
    aborted: 64,
    denied_bytes: 72,
    /** Array of `REASON_COUNTERS` u64, by reason. */
    reasons: 128,
  },
} as const;

export const REASON_COUNTERS = 16;

/** Maximum number of interfaces, including slot 0, which counts packets of unwatched interfaces. */
export const INTERFACE_SLOTS = 64;

/** Entries of the slot table: interfaces whose ifindex is equal modulo this cannot be watched together. */
export const SLOT_TABLE_SIZE = 65_536;

/** `struct interface_slots`: an entry (u8) for each value of the low 16 bits of an ifindex, an owner (u32) for each slot. */
export const SLOT_TABLE = {
  size: SLOT_TABLE_SIZE + INTERFACE_SLOTS * 4,
  fields: { entries: 0, owners: SLOT_TABLE_SIZE },
} as const;

/** Bits of an entry besides its slot: `PACKETLOG_LINK_*`. */
export const SLOT_LINK = {
  ethernet: 0,
  /** Frames begin with the IP header. */
  ip: 0x40,
  /** Ethernet; the record names the slot's owner, such as a bond. */
  member: 0x80,
} as const;
