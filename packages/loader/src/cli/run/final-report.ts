/** Formats the ledger at the end of a run, as JSON and as text. */

import type { InterfaceLedger, RecorderLedger } from '@packetlog/common';
import type { DenyLogCounts } from '../../deny-log/deny-log.ts';
import type { DrainLedger } from '../../ipc/messages.ts';
import type { PrinterCounts } from '../../print/console-printer.ts';
import { UNWATCHED } from '../../reader/unwatched-interfaces.ts';
import { printableName } from '../../system/interface-name.ts';
import { terminalJson } from '../process/terminal-text.ts';

/** The parts of a ledger that are reported. */
export interface ReportedLedger {
  readonly interfaces: readonly { readonly name: string; readonly counters: InterfaceLedger }[];
  readonly unwatched?: DrainLedger['unwatched'];
  readonly before?: number | undefined;
  readonly ring: Pick<DrainLedger['ring'], 'pending'>;
  readonly queue: Pick<DrainLedger['queue'], 'dropped' | 'pending'>;
  readonly recorder?: RecorderLedger | undefined;
}

/**
 * Returns the number of records that were written to a ring but not printed: lost in the loader or at the output, or
 * left in a ring that no later loader will read.
 */
function notPrinted(ledger: ReportedLedger, console: PrinterCounts, isPinned: boolean): number {
  const left = isPinned ? 0 : ledger.ring.pending;
  return console.dropped + ledger.queue.dropped + ledger.queue.pending + left;
}

/** Returns the counters of each interface, and those of unwatched interfaces if packets arrived there. */
function countersOf({ interfaces, unwatched }: ReportedLedger): { name: string; counters: InterfaceLedger }[] {
  return [...interfaces, ...(unwatched ? [{ name: UNWATCHED, counters: unwatched.counters }] : [])];
}

/**
 * Returns the last line of `--print json`. The sum of all `emitted` is `console + dropped`; plus `filtered` with a
 * filter; plus `before` (read by earlier loaders) and `waiting` (left for the next one) if the program outlives its
 * loader. `deny_log`: what became of the denied records, with `--log-denies`; `recorder`: of all, with `--record`.
 */
export function ledgerJson(
  ledger: DrainLedger,
  console: PrinterCounts,
  isPinned = false,
  denyLog?: DenyLogCounts,
): string {
  const logged = denyLog === undefined ? {} : { deny_log: denyLog };
  const { recorder } = ledger;
  return terminalJson({
    ledger: reportedLedger(ledger, console, isPinned),
    ...logged,
    ...(recorder === undefined ? {} : { recorder: recordedCounts(recorder) }),
  });
}

/** Returns the ledger for JSON: counters by interface, and `delivered`. */
export function reportedLedger(ledger: ReportedLedger, console: PrinterCounts, isPinned = false): object {
  const interfaces: Record<string, Omit<InterfaceLedger, 'denied_bytes'>> = Object.fromEntries(
    countersOf(ledger).map(({ name, counters: { denied_bytes: _, ...counters } }) => [name, counters]),
  );
  const delivered = {
    console: console.console,
    ...(console.filtered === undefined ? {} : { filtered: console.filtered }),
    dropped: notPrinted(ledger, console, isPinned),
    ...(ledger.before === undefined ? {} : { before: ledger.before }),
    ...(isPinned ? { waiting: ledger.ring.pending } : {}),
  };
  return { ...interfaces, delivered };
}

function recordedCounts({ offered, recorded, sampled, lost, pending, expired }: RecorderLedger): object {
  return { offered, recorded, sampled, lost: lost + pending, expired };
}

interface ReportOptions {
  /** Name of the output. */
  output?: string | undefined;
  isPinned?: boolean;
  denyLog?: DenyLogCounts | undefined;
}

/** Returns one line for each interface, and one for the records printed and lost after the ring. */
export function ledgerText(
  ledger: ReportedLedger,
  console: PrinterCounts | undefined,
  { output = 'console', isPinned = false, denyLog }: ReportOptions = {},
): string[] {
  const n = (value: number) => value.toLocaleString('en-US');
  const lines = countersOf(ledger).map(({ name, counters: c }) => {
    const denied = c.denied + c.aborted > 0 ? `, ${n(c.denied)} denied, ${n(c.aborted)} aborted` : '';
    const unrecorded = c.sampled_out + c.filtered_out;
    const rest = unrecorded > 0 ? `, ${n(unrecorded)} not recorded` : '';
    return `${printableName(name)}: ${n(c.seen)} packets seen (${n(c.bytes)} bytes), ${n(c.permitted)} permitted${denied}; ${n(c.emitted)} recorded, ${n(c.ring_full)} lost in the ring${rest}`;
  });
  if (console) {
    const rest = console.filtered === undefined ? '' : `, ${n(console.filtered)} filtered`;
    lines.push(
      `${output}: ${n(console.console)} ${output === 'console' ? 'printed' : 'written'}${rest}, ${n(notPrinted(ledger, console, isPinned))} lost after the ring`,
    );
  }
  if (ledger.recorder) {
    const { recorded, sampled, lost, pending } = ledger.recorder;
    const rest = sampled > 0 ? `, ${n(sampled)} sampled` : '';
    lines.push(`recorder: ${n(recorded)} recorded${rest}, ${n(lost + pending)} lost`);
  }
  if (denyLog) {
    const { written, withheld, lost } = denyLog;
    lines.push(`deny log: ${n(written)} written, ${n(withheld)} withheld by the rate limit, ${n(lost)} lost`);
  }
  return lines;
}
