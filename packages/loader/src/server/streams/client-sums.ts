/** Sums of the ledgers of all clients, also of those that have left: sums that never go down. */
import type { ClientLedger } from '@packetlog/common';

export type ClientSums = ClientLedger;

export class ClientTotals {
  #left: ClientSums = { offered: 0, delivered: 0, dropped: 0, withheld: 0, pending: 0, filtered: 0 };

  /** Call it when a client has left. Its pending records were never sent: they count as withheld. */
  left({ pending, ...ledger }: ClientLedger): void {
    this.#left = sum(this.#left, { ...ledger, withheld: ledger.withheld + pending, pending: 0 });
  }

  /** `connected`: the ledgers of the clients that are connected. */
  with(connected: Iterable<ClientLedger>): ClientSums {
    let sums = this.#left;
    for (const ledger of connected) sums = sum(sums, ledger);
    return sums;
  }
}

function sum(a: ClientSums, b: ClientSums): ClientSums {
  return {
    offered: a.offered + b.offered,
    delivered: a.delivered + b.delivered,
    dropped: a.dropped + b.dropped,
    withheld: a.withheld + b.withheld,
    pending: a.pending + b.pending,
    filtered: a.filtered + b.filtered,
  };
}
