/** Formats the ledger at the end of a run, as JSON and as sentences. */
import type { InterfaceLedger } from '@packetlog/common';
import type { DrainLedger } from '../../ipc/messages.ts';
import type { PrinterCounts } from '../../print/console-printer.ts';
import { UNWATCHED } from '../../reader/unwatched-interfaces.ts';
import { printableName } from '../../system/interface-name.ts';

/**
 * Counts the records that were written to a ring and not printed: lost in the loader or at the output, or left in a ring
 * that no further loader reads.
 */
function notPrinted(ledger: DrainLedger, console: PrinterCounts, goesOn: boolean): number {
  const left = goesOn ? 0 : ledger.ring.pending;
  return console.dropped + ledger.queue.dropped + ledger.queue.pending + left;
}

/** Adds a line for interfaces that are not watched, if packets arrived there. */
function linesOf({ interfaces, unwatched }: DrainLedger): { name: string; counters: InterfaceLedger }[] {
  return [...interfaces, ...(unwatched ? [{ name: UNWATCHED, counters: unwatched.counters }] : [])];
}

/**
 * Returns the last line of `--print json`. The sum of all `emitted` is `console + dropped`; with a filter also
 * `filtered`; if loaders took over the program, also `before`, read by earlier loaders, and `waiting`, left for the next.
 */
export function ledgerJson(ledger: DrainLedger, console: PrinterCounts, goesOn = false): string {
  const interfaces: Record<string, Omit<InterfaceLedger, 'denied_bytes'>> = Object.fromEntries(
    linesOf(ledger).map(({ name, counters: { denied_bytes: _, ...counters } }) => [name, counters]),
  );
  const delivered = {
    console: console.console,
    ...(console.filtered === undefined ? {} : { filtered: console.filtered }),
    dropped: notPrinted(ledger, console, goesOn),
    ...(ledger.before === undefined ? {} : { before: ledger.before }),
    ...(goesOn ? { waiting: ledger.ring.pending } : {}),
  };
  return JSON.stringify({ ledger: { ...interfaces, delivered } });
}

/** Returns one line for each interface, and one for what was lost after the kernel. */
export function ledgerText(
  ledger: DrainLedger,
  console: PrinterCounts | undefined,
  { output = 'console', goesOn = false }: { output?: string | undefined; goesOn?: boolean } = {},
): string[] {
  const n = (value: number) => value.toLocaleString('en-US');
  const lines = linesOf(ledger).map(({ name, counters: c }) => {
    const denied = c.denied + c.aborted > 0 ? `, ${n(c.denied)} denied, ${n(c.aborted)} aborted` : '';
    const unrecorded = c.sampled_out + c.filtered_out;
    const rest = unrecorded > 0 ? `, ${n(unrecorded)} not recorded` : '';
    return `${printableName(name)}: ${n(c.seen)} packets seen (${n(c.bytes)} bytes), ${n(c.permitted)} permitted${denied}; ${n(c.emitted)} recorded, ${n(c.ring_full)} lost in the ring${rest}`;
  });
  if (console) {
    const rest = console.filtered === undefined ? '' : `, ${n(console.filtered)} filtered`;
    lines.push(
      `${output}: ${n(console.console)} ${output === 'console' ? 'printed' : 'written'}${rest}, ${n(notPrinted(ledger, console, goesOn))} lost after the ring`,
    );
  }
  return lines;
}
