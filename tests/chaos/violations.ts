/** The invariants: what must hold between two readings, whatever happened in between. Pure. */
import type { Window } from './lab.ts';
import type { Reading } from './reading.ts';
import type { Range } from './traffic/traffic.ts';

export interface Interval {
  readonly before: Reading;
  readonly after: Reading;
  readonly windows: readonly Window[];
  /** Counters that began at zero in between: their sums before that are not known. */
  readonly forgotten: ReadonlySet<'counters' | 'hits'>;
}

/**
 * A frame is numbered when the kernel accepts it and processed a little later, so the numbers around the start of a
 * window may belong to it. This many per CPU can be in flight.
 */
const IN_FLIGHT = 64;

/** Returns each promise that was broken, as a sentence; empty if all were kept. */
export function violations(interval: Interval): string[] {
  return [
    ...wireViolations(interval),
    ...passedViolations(interval),
    ...missingViolations(interval),
    ...(interval.forgotten.has('counters') ? [] : ledgerViolations(interval)),
    ...sumViolations(interval.after),
  ];
}

/** The sender's count is that of the interfaces. */
function wireViolations({ before, after, windows }: Interval): string[] {
  const accepted = after.next - before.next;
  const failed = after.failed - before.failed;
  const sent = after.wire.sent - before.wire.sent;
  const dropped = after.wire.dropped - before.wire.dropped;
  const received = after.wire.received - before.wire.received;
  const found: string[] = [];
  if (windows.some(({ kind }) => kind === 'outage')) {
    if (sent > accepted) found.push(`${accepted} frames were sent, but the sender's interface counted ${sent}`);
    if (after.wire.exact && received > sent)
      found.push(`${sent} frames went over the wire, but ${received} were received`);
    return found;
  }
  if (accepted > sent + dropped || accepted + failed < sent + dropped)
    found.push(
      `${accepted} frames were sent and ${failed} rejected; the sender's interface counted ${sent} and dropped ${dropped}`,
    );
  if (received !== sent) found.push(`${sent} frames went over the wire, and ${received} were received`);
  return found;
}

/** A denied source reaches the stack only while no program was there. */
function passedViolations({ after: { report }, windows }: Interval): string[] {
  const open = windows.filter(({ kind }) => kind === 'open');
  const wrong = outside(report.passed, open);
  const found = wrong.length === 0 ? [] : [`${sumOf(wrong)} denied packets passed: ${rangesText(wrong)}`];
  if (report.doubled > 0) found.push(`${report.doubled} packets arrived twice`);
  if (report.unreadable > 0) found.push(`${report.unreadable} packets arrived changed`);
  return found;
}

/** Every permitted packet arrives, unless the cable was away or a queue of the kernel was full, which counts it. */
function missingViolations({ before, after, windows }: Interval): string[] {
  const wrong = outside(after.report.missing, windows.filter(isOutage));
  const missing = sumOf(wrong);
  const explained = windows.some(isOutage) ? 0 : after.wire.dropped - before.wire.dropped;
  return missing > explained + drops(before, after)
    ? [`${missing} permitted packets did not arrive: ${rangesText(wrong)}`]
    : [];
}

const isOutage = ({ kind }: Window) => kind === 'outage';
const drops = (before: Reading, after: Reading) => after.report.drops - before.report.drops;

/** Each packet that arrived at the interface was counted once, and denied or passed on. */
function ledgerViolations({ before, after, windows, forgotten }: Interval): string[] {
  const { report } = after;
  const received = after.wire.received - before.wire.received;
  const denied = after.counters.denied - before.counters.denied;
  const seen = after.counters.seen - before.counters.seen;
  const hits = after.hits - before.hits;
  const found: string[] = [];
  const accounted = report.permitted + report.denied + drops(before, after) + denied;
  // An interface that goes takes packets along which the program had permitted.
  const taken = windows.some(isOutage) ? sumOf(report.missing) : 0;
  const details = `${report.permitted} permitted and ${report.denied} denied ones reached the stack, ${drops(before, after)} its full socket, ${denied} were denied`;
  const most = after.wire.exact ? received : after.next - before.next;
  if (accounted + taken < received || accounted > most) {
    found.push(`${received} packets arrived at the interface, but ${details}`);
  }
  const unseen = accounted - seen;
  const opened = windows.filter(({ kind }) => kind === 'open').length;
  // Of packets that met no program, as many are of permitted sources as of denied ones.
  if (unseen < report.denied - taken || unseen > 2 * report.denied + opened * IN_FLIGHT) {
    found.push(`${accounted} packets arrived (${details}), and the ledger has seen ${seen}`);
  }
  if (hits !== denied && !forgotten.has('hits')) {
    found.push(`the ledger counts ${denied} denied packets, and the rules ${hits}`);
  }
  return found;
}

/** The sums of docs/packet-path.md. */
function sumViolations({ counters: c, status: { ledger }, recorded, unwatched, view, wire, next }: Reading): string[] {
  const found: string[] = [];
  const equal = (what: string, left: number, right: number) => {
    if (left !== right) found.push(`${what}: ${left} is not ${right}`);
  };
  equal('seen = permitted + denied + aborted', c.seen, c.permitted + c.denied + c.aborted);
  const written = c.emitted + c.sampled_out + c.filtered_out + c.ring_full;
  equal('seen = recorded + sampled out + not recorded + ring full', c.seen, written);
  equal('packets of interfaces that are not watched', unwatched, 0);
  equal('recorded = before + offered by the rings', recorded, (ledger.before ?? 0) + ledger.ring.offered);
  equal('aborted', c.aborted, 0);
  for (const [name, hop] of Object.entries({ ring: ledger.ring, queue: ledger.queue, server: ledger.server })) {
    if (!hop) continue;
    const sum = hop.delivered + hop.dropped + hop.withheld + hop.pending;
    equal(`${name}: offered = delivered + dropped + withheld + pending`, hop.offered, sum);
    equal(`${name}: pending`, hop.pending, 0);
  }
  equal('headers of batches that did not add up', view.wrong, 0);
  equal('gaps between batches', view.gaps, 0);
  equal('rows and losses of the client', view.offered, view.received + view.dropped + view.withheld);
  equal('what the ring delivered is offered to the queue', ledger.ring.delivered, ledger.queue.offered);
  if (wire.exact && c.seen > next) found.push(`the ledger has seen ${c.seen} packets, and ${next} were sent`);
  return found;
}

/** Returns the ranges that are not inside one of the windows. */
function outside(ranges: readonly Range[], windows: readonly Window[]): Range[] {
  return ranges.filter(
    ({ from, to }) =>
      !windows.some((window) => from >= window.from - IN_FLIGHT && to <= (window.to ?? Number.POSITIVE_INFINITY)),
  );
}

const sumOf = (ranges: readonly Range[]) => ranges.reduce((sum, { count }) => sum + count, 0);

function rangesText(ranges: readonly Range[]): string {
  const shown = ranges.slice(0, 3).map(({ from, to, count }) => `${count} of numbers ${from} to ${to}`);
  return shown.join(', ') + (ranges.length > shown.length ? `, and ${ranges.length - shown.length} ranges more` : '');
}
