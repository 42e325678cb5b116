import type { Ledger } from '@packetlog/common';
import { ledgerSum } from './ledger-sum.ts';
import { NEW_STREAM, type StreamLedger } from './stream-ledger.ts';

/** Rows lost on their path to this page, by cause. */
export interface Loss {
  /** The kernel's ring was full. */
  readonly ring: number;
  /** The queue between the loader's reader and server was full. */
  readonly queue: number;
  /** The page was too slow, or a batch never arrived. */
  readonly page: number;
  readonly total: number;
}

/** Losses of earlier connections to the same run of the loader. */
export interface CarriedLoss {
  readonly rows: number;
  readonly batches: number;
}

export const NOTHING_CARRIED: CarriedLoss = { rows: 0, batches: 0 };

/** Sums up losses. `ledger` is null before the first one. */
export function lossSoFar(ledger: Ledger | null, stream: StreamLedger, carried: CarriedLoss): Loss {
  const ring = ledger === null ? 0 : ledgerSum(ledger, 'ring_full');
  const queue = ledger?.queue.dropped ?? 0;
  const page = pageLoss(ledger, stream) + carried.rows;
  return { ring, queue, page, total: ring + queue + page };
}

/** Losses to carry over to the next connection, for which the loader counts from 0. */
export function carryOver(ledger: Ledger | null, stream: StreamLedger, carried: CarriedLoss): CarriedLoss {
  if (ledger === null && stream === NEW_STREAM) return carried;
  return { rows: carried.rows + pageLoss(ledger, stream), batches: carried.batches + stream.missingBatches };
}

// Ledgers and batch headers carry the same count; the greater one is newer.
function pageLoss(ledger: Ledger | null, stream: StreamLedger): number {
  return Math.max(ledger?.client.dropped ?? 0, stream.dropped) + stream.missingRows;
}
