import type { Ledger } from '@packetlog/common';
import { NEW_STREAM, type StreamLedger } from './stream-ledger.ts';

/** Rows that were meant for this page and will never be seen, by the place where they were lost. */
export interface Loss {
  /** The kernel's ring was full. */
  readonly ring: number;
  /** Between the loader's reader and its server. */
  readonly queue: number;
  /** On the way to this page, because it was too slow, or in batches that never came. */
  readonly page: number;
  readonly total: number;
}

/** What the page lost in earlier connections to the same run of the loader. */
export interface CarriedLoss {
  readonly rows: number;
  readonly batches: number;
}

export const NOTHING_CARRIED: CarriedLoss = { rows: 0, batches: 0 };

/** `ledger` is null before the first one came. */
export function lossSoFar(ledger: Ledger | null, account: StreamLedger, carried: CarriedLoss): Loss {
  const ring = ledger?.interfaces.reduce((sum, { counters }) => sum + counters.ring_full, 0) ?? 0;
  const queue = ledger?.queue.dropped ?? 0;
  const page = pageLoss(ledger, account) + carried.rows;
  return { ring, queue, page, total: ring + queue + page };
}

/** What to carry over when a connection ends: the loader's count for this page begins at 0 with the next one. */
export function carryOver(ledger: Ledger | null, account: StreamLedger, carried: CarriedLoss): CarriedLoss {
  if (ledger === null && account === NEW_STREAM) return carried;
  return { rows: carried.rows + pageLoss(ledger, account), batches: carried.batches + account.missingBatches };
}

// The ledger comes once a second, a batch header more often, both with the same count: the greater is the newer.
function pageLoss(ledger: Ledger | null, account: StreamLedger): number {
  return Math.max(ledger?.client.dropped ?? 0, account.dropped) + account.missingRows;
}
