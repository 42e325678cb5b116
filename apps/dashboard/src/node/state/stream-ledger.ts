/** What a batch header says about the stream so far; see the identity in common's batch-layout.ts. */
export interface StreamHeader {
  readonly sequence: number;
  /** Records in this batch. */
  readonly length: number;
  readonly offered: number;
  readonly dropped: number;
  readonly withheld: number;
}

/** What one subscription brought, and what it did not. */
export interface StreamLedger {
  /** The sequence number that must come next. */
  readonly next: number;
  readonly received: number;
  readonly dropped: number;
  readonly withheld: number;
  /** Batches whose numbers were left out, and the rows that were in them. */
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

/**
 * The account with one more batch. How many rows were in batches that never came follows exactly from
 * `offered = received + dropped + withheld + missing`.
 */
export function receiveBatch(account: StreamLedger, header: StreamHeader): StreamLedger {
  const received = account.received + header.length;
  const missingRows = Math.max(account.missingRows, header.offered - header.dropped - header.withheld - received);
  return {
    next: header.sequence + 1,
    received,
    dropped: Math.max(account.dropped, header.dropped),
    withheld: Math.max(account.withheld, header.withheld),
    missingBatches: account.missingBatches + Math.max(0, header.sequence - account.next),
    missingRows,
  };
}

/** Rows that `after` has lost since `before`. */
export function lostBetween(before: StreamLedger, after: StreamLedger): number {
  return after.dropped - before.dropped + (after.missingRows - before.missingRows);
}
