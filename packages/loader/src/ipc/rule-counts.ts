/** Counts of rules, as they are passed from the kernel to clients and to the history. */

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
