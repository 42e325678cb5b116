/** What the recorder keeps, and where. */
export interface RecorderSettings {
  /** Created if it does not exist. */
  readonly directory: string;
  /** Bytes that all files may take; the oldest segments are deleted first. Undefined: by the size of the disk. */
  readonly maxBytes: number | undefined;
  /** How long records are kept, in milliseconds; undefined: as long as there is room. */
  readonly maxAgeMs: number | undefined;
  /** Permitted packets per second to record; more are sampled. Infinity: all. */
  readonly permitsPerSecond: number;
  /** Whether addresses are cut to /24 (IPv4) and /48 (IPv6) before they are written. */
  readonly anonymize: boolean;
  /** Name of this machine, written into each sealed file. */
  readonly node: string;
}

/** The rules that the journal notes: what a `rule_id` of that time means. */
export interface RecordedRules {
  /** Counts the changes since the start. */
  readonly version: number;
  /** SHA-256 of the rules. */
  readonly hash: string;
  readonly rules: readonly { readonly id: number; readonly text: string; readonly expires_at?: string }[];
}
