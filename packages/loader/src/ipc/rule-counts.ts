/** Counts of rules and levels of limits, as they are passed from the kernel to clients and to the history. */

/** Packets and bytes that a rule decided since its counter was zeroed. */
export interface RuleCount {
  /** The counter's slot, as in the image. */
  slot: number;
  packets: number;
  bytes: number;
  /** Wall clock of the last packet, in ms; may be early by the error of the cached clock. */
  last_seen_ms: number;
}

export interface Volume {
  packets: number;
  bytes: number;
}

/** Packets and bytes that a rule decided since the last second. */
export interface RuleHits extends Volume {
  readonly rule_id: number;
}

/** The levels of a limit as the kernel has them, copied: `struct limit_state` without its cells. */
export interface LimitStateCopy {
  /** Of a tick of `jiffies_64`. */
  readonly tickNs: bigint;
  /** When it was copied: `jiffies_64` in ns, the time of the entries. */
  readonly nowNs: bigint;
  /** Buckets that were given up for others before they were empty. */
  readonly evictions: number;
  /** One of `LIMIT_STATE.shapes`. */
  readonly shape: number;
  /** `struct limit_entry` of all sets, or of another shape `struct limit_wide_entry`. Copied while the program writes: an entry that is replaced just then is wrong. */
  readonly table: Uint8Array;
}
