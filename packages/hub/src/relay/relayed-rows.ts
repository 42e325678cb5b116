/** Rows on their way from a node through the hub to one person: the hop *hub* of the ledger. Pure. */
import { PacketLogBatch, writeBatchCounters } from '@packetlog/common';
import type { HubLedger } from '@packetlog/common/fleet';

export class RelayedRows {
  #received = 0;
  #sent = 0;
  #withheldBatches = 0;

  /** `received = sent + withheld`, in rows. */
  get ledger(): HubLedger {
    return { received: this.#received, sent: this.#sent, withheld: this.#received - this.#sent };
  }

  /**
   * Counts a batch of the node. Returns it with the counters that the person expects, written into `bytes`; undefined if
   * it is withheld, because `isBehind`. Throws BatchFormatError.
   */
  pass(bytes: Uint8Array, isBehind: boolean): Uint8Array | undefined {
    const { length: count, sequence, offered, dropped, withheld, filtered } = PacketLogBatch.from(bytes);
    this.#received += count;
    if (isBehind) {
      this.#withheldBatches++;
      return undefined;
    }
    this.#sent += count;
    const own = this.ledger.withheld;
    // Of no batch that the person gets is the sum of its header less than what came.
    if (own > 0) {
      const counters = { sequence: sequence - this.#withheldBatches, withheld: withheld + own };
      writeBatchCounters(bytes, 0, { offered, dropped, filtered, ...counters });
    }
    return bytes;
  }
}
