import type { Interface, InterfaceLedger, Ledger } from '@packetlog/common';
import { addCounters } from '../../node/state/add-counters.ts';
import { UNWATCHED } from '../../text/unwatched-text.ts';

/** A line of the kernel totals: an interface, the interfaces that are not watched, or the sum. */
export interface LedgerLine {
  readonly name: string;
  /** Null for a line of several interfaces. */
  readonly entry: Interface | null;
  readonly title?: string;
  readonly isSum?: true;
  readonly counters: InterfaceLedger;
}

/** Returns the lines in display order. The sum is omitted if there is only one line. */
export function ledgerLines(ledger: Ledger): LedgerLine[] {
  const lines: LedgerLine[] = ledger.interfaces.map((entry) => ({ name: entry.name, entry, counters: entry.counters }));
  const { unwatched } = ledger;
  if (unwatched) lines.push({ ...UNWATCHED, entry: null, counters: unwatched.counters });
  const counters = addCounters(lines.map((line) => line.counters));
  if (counters && lines.length > 1) lines.push({ name: 'all', entry: null, isSum: true, counters });
  return lines;
}
