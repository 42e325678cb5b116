/** What the drain thread knows of the connection attempts of a source, from records. */

/** A limit that bans, as far as it selects attempts. Its other conditions hold for a source that is over it. */
export interface WatchedAttempts {
  /** Id of the limit. */
  readonly rule: number;
  readonly fromPort: number;
  readonly toPort: number;
  /** Prefix of a bucket. */
  readonly bits4: number;
  readonly bits6: number;
}

export interface AttemptEvidence {
  readonly in_1_s: number;
  readonly in_10_s: number;
  readonly in_60_s: number;
  /** Destination ports of the samples. */
  readonly ports: readonly number[];
  /** The newest records, 64 bytes each, the newest last. */
  readonly samples: Uint8Array;
  /** A record stands for several attempts. */
  readonly isSampled: boolean;
}
