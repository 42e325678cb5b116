/** Counts of rules and levels of limits, as they are passed from the kernel to clients and to the history. */
import type { AttemptEvidence } from './evidence/attempt-evidence.ts';

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
  /** Of a limit of connections: those that were given up before they were verified, of all limits together. */
  readonly evictedConnections?: number;
  /** One of `LIMIT_STATE.shapes`. */
  readonly shape: number;
  /** `struct limit_entry` of all sets, or of another shape `struct limit_wide_entry`. Copied while the program writes: an entry that is replaced just then is wrong. */
  readonly table: Uint8Array;
}

/** A source that a limit of connections has found over, as the kernel counted it. */
export interface KernelOffender {
  /** Id of the limit. */
  readonly limitRule: number;
  /** An address, or the network of its bucket. */
  readonly source: string;
  /**
   * When a verified connection was first over, on the kernel's clock (jiffies): the same until the bucket has been empty.
   */
  readonly overSinceNs: bigint;
  /** When the bucket was last empty, on the same clock. */
  readonly beganNs: bigint;
  /** The clock when this was read. */
  readonly nowNs: bigint;
  /** Connections that the kernel verified since the bucket was last empty; those that were over among them. */
  readonly connections: number;
  /** Share of the burst that is used, 0 to 1. */
  readonly level: number;
}

/** The same with what records show of it. */
export interface ObservedOffender extends KernelOffender {
  readonly evidence: AttemptEvidence;
}
