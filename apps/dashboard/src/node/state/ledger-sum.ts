import type { InterfaceLedger, Ledger } from '@packetlog/common';

/** Adds up a kernel counter over all interfaces, including those that are not watched. */
export function ledgerSum({ interfaces, unwatched }: Ledger, key: keyof InterfaceLedger): number {
  return interfaces.reduce((sum, { counters }) => sum + counters[key], unwatched?.counters[key] ?? 0);
}
