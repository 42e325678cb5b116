/** All counts of a lab at one moment: of the sender, the interfaces, the witness, and the loader. */
import type { InterfaceLedger } from '@packetlog/common';
import type { Account } from '../e2e/crowd.ts';
import type { WireCounts } from './cable.ts';
import type { Status } from './control.ts';
import type { ChaosLab } from './lab.ts';
import type { Report } from './traffic/traffic.ts';

export interface Reading {
  /** Frames that the kernel accepted from the sender. */
  readonly next: number;
  /** Frames that it rejected. */
  readonly failed: number;
  readonly wire: WireCounts;
  /** Of the frames since the reading before. */
  readonly report: Report;
  /** When the loader was asked (Unix time, ms). */
  readonly askedAt: number;
  readonly status: Status;
  /** Sums over the watched interfaces. */
  readonly counters: InterfaceLedger;
  /** Packets of interfaces that are not watched. */
  readonly unwatched: number;
  /** Records of packets, watched or not. */
  readonly recorded: number;
  /** What the viewer received. */
  readonly view: Account;
  /** Packets that rules denied, by the rules' own counters. */
  readonly hits: number;
}

/** Reads everything. `from`: the number of the first frame since the reading before. */
export async function read(lab: ChaosLab, from: number): Promise<Reading> {
  const next = await lab.sender.now();
  const failed = await lab.sender.failed();
  const wire = await lab.cable.counts();
  const view = await lab.view();
  const report = await lab.witness.report(from, next);
  const askedAt = Date.now();
  const [status, { rules }] = [await lab.control.status(), await lab.control.done('list', {})];
  const denying = rules.filter(({ action }) => action === 'deny');
  const hits = denying.reduce((sum, { packets }) => sum + packets, 0);
  const counters = countersOf(status);
  const other = status.ledger.unwatched?.counters;
  const [unwatched, recorded] = [other?.seen ?? 0, counters.emitted + (other?.emitted ?? 0)];
  return { next, failed, wire, report, view, askedAt, status, counters, unwatched, recorded, hits };
}

function countersOf({ interfaces }: Status): InterfaceLedger {
  const sum = (key: keyof InterfaceLedger) => interfaces.reduce((total, { counters }) => total + counters[key], 0);
  return {
    seen: sum('seen'),
    permitted: sum('permitted'),
    denied: sum('denied'),
    aborted: sum('aborted'),
    emitted: sum('emitted'),
    sampled_out: sum('sampled_out'),
    filtered_out: sum('filtered_out'),
    ring_full: sum('ring_full'),
    bytes: sum('bytes'),
    denied_bytes: sum('denied_bytes'),
  };
}

/**
 * Whether another process ran the lab's program with packets of its own (BPF_PROG_TEST_RUN, as the benchmark does with
 * programs that it finds by name): they count as packets of the loopback device, which is not watched.
 */
export function isDisturbed({ unwatched, status }: Reading): boolean {
  const LOOPBACK = 1;
  return unwatched > 0 && status.ledger.unwatched?.ifindex === LOOPBACK;
}
