/** What the drain thread reports about itself each second, for metrics. */
import type { Volume } from './rule-counts.ts';

/** Packets and bytes of one IP protocol, since the loader started. */
export interface ProtocolVolume extends Volume {
  /** IANA number; 255: frames that are neither IPv4 nor IPv6. */
  readonly ip_protocol: number;
}

export interface ReaderState {
  /**
   * From the records that were read, each counted with its weight: packets without a record (ring full, `--count-only`)
   * are missing.
   */
  readonly protocols: readonly ProtocolVolume[];
  /** Sum of the sizes of all rings. */
  readonly ring_bytes: number;
  /** Highest fill of any ring when it was read, 0 to 1, since the last report. */
  readonly ring_fill: number;
  /**
   * Highest age of a record when it was read, in ms, since the last report. The cached clock adds up to a jiffy, and the
   * time that records waited for this loader after a take-over is included.
   */
  readonly lag_ms: number;
  /** The process with the drain thread. */
  readonly pid: number;
  readonly resident_bytes: number;
}
