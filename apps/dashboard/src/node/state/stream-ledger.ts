/** Counters of a batch header; their identity is in common's batch-layout.ts. */
export interface StreamHeader {
  readonly sequence: number;
  /** Records in this batch. */
  readonly length: number;
  readonly offered: number;
  readonly dropped: number;
  readonly withheld: number;
}

/** Ledger of one subscription: rows received, lost and withheld. */
export interface StreamLedger {
  /** The next expected sequence number. */
  readonly next: number;
  readonly received: number;
  readonly dropped: number;
  readonly withheld: number;
  /** Batches that never arrived, and their rows. */
  readonly missingBatches: number;
  readonly missingRows: number;
}

export const NEW_STREAM: StreamLedger = {
  next: 0,
  received: 0,
  dropped: 0,
  withheld: 0,
  missingBatches: 0,
  missingRows: 0,
};

/** Adds a batch to the ledger. Missing rows follow from `offered = received + dropped + withheld + missing`. */
export function receiveBatch(stream: StreamLedger, header: StreamHeader): StreamLedger {
  const received = stream.received + header.length;
  const missingRows = Math.max(stream.missingRows, header.offered - header.dropped - header.withheld - received);
  return {
    next: header.sequence + 1,
    received,
    dropped: Math.max(stream.dropped, header.dropped),
    withheld: Math.max(stream.withheld, header.withheld),
    missingBatches: stream.missingBatches + Math.max(0, header.sequence - stream.next),
    missingRows,
  };
}

/** Returns the rows that `after` has lost since `before`. */
export function lostBetween(before: StreamLedger, after: StreamLedger): number {
  return after.dropped - before.dropped + (after.missingRows - before.missingRows);
}
