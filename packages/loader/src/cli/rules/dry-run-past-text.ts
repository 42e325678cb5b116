/** Formats the result of a dry run over recorded packets. */

import type { PastDryRunReport, PastLimit } from '@packetlog/common';
import { formatDuration, protocolName } from '@packetlog/common';
import { exampleView } from '../../past-dry-run/past-dry-run.ts';
import type { PastResult } from '../../past-dry-run/try-past.ts';
import { wantsColour } from '../../print/terminal.ts';
import { TextLines } from '../../print/text-line.ts';
import { printableName } from '../../system/interface-name.ts';
import { one } from './rules-text.ts';

const NS_PER_MS = 1_000_000n;
const grouped = (value: number) => value.toLocaleString('en-US');

export function dryRunPastText({
  report,
  dryRun,
}: Pick<PastResult, 'report'> & { readonly dryRun: Pick<PastResult['dryRun'], 'examples'> }): string[] {
  const { newly_denied, denied, observed, by_rule, by_source, by_port, known_good, looks_established } = report;
  const { records, judged } = report;
  const lines = [...headText(report)];
  lines.push(
    `Would have denied ${one(newly_denied.packets, 'packet')} that ${newly_denied.packets === 1 ? 'was' : 'were'} not denied then: ` +
      `${one(newly_denied.bytes, 'byte')}, from ${one(newly_denied.sources, 'source')}.`,
    `In all it would have denied ${one(denied.packets, 'packet')}, ${one(denied.bytes, 'byte')}; observed ${one(observed.packets, 'packet')}.`,
  );
  const part = (title: string, rows: readonly string[]) => {
    if (rows.length > 0) lines.push('', title, ...rows.map((row) => `  ${row}`));
  };
  const all = newly_denied.packets;
  const row = (packets: number, what: string, rest = '') => `${grouped(packets).padStart(10)}  ${what}${rest}`;
  const shared = (packets: number, what: string) => row(packets, `${share(packets, all)}  ${what}`);
  part(
    'Limits, each alone:',
    (report.limits ?? []).flatMap((limit) => limitText(limit, records < judged)),
  );
  part(
    'By rule, all packets that match:',
    by_rule.map(({ rule, packets }) => row(packets, rule)),
  );
  part(
    'Not denied then, by source:',
    by_source.filter(isNew).map(({ addr, newly_denied: { packets } }) => shared(packets, addr)),
  );
  part(
    'Not denied then, by port:',
    by_port
      .filter(isNew)
      .map(({ ip_protocol, port, newly_denied: { packets } }) => shared(packets, portText(ip_protocol, port))),
  );
  part(
    `Known-good sources: ${grouped(known_good.sources)}, with ${one(known_good.packets, 'packet')}:`,
    known_good.sources === 0 ? [] : known_good.by_source.slice(0, MAX_LINES).map((source) => goodText(source)),
  );
  part(
    `Looks established, forgeable (packets as of open TCP connections): ${one(looks_established.sources, 'source')}, ` +
      `${one(looks_established.packets, 'packet')}:`,
    looks_established.by_source.map(({ addr, packets }) => row(packets, addr)),
  );
  const text = new TextLines({ colour: wantsColour(process.stdout.isTTY, process.env), showInterface: true });
  part(
    'Examples, one per source:',
    dryRun.examples.map((each) => text.line(exampleView(each), 0, printableName(each.interfaceName))),
  );
  for (const { kind, address } of report.lockouts)
    lines.push('', `It would lock out ${kind.replace('_', ' ')} ${address}: adding it would be rejected.`);
  const notes = notesText(report);
  return notes.length === 0 ? lines : [...lines, '', ...notes];

  function goodText({ addr, packets, because }: PastDryRunReport['known_good']['by_source'][number]): string {
    const reasons = because.map((reason) =>
      reason.kind === 'permit_rule' ? reason.rule : `protected: ${reason.kind.replace('_', ' ')} ${reason.address}`,
    );
    return row(packets, `${addr} (${reasons.join('; ')})`);
  }
}

const MAX_LINES = 10;

/** `isSampled`: some records stand for several packets, which did not arrive at one moment. */
function limitText(
  { rule, seen, over, buckets, by_bucket, first_over_ns, not_evaluated, is_upper_estimate }: PastLimit,
  isSampled: boolean,
): string[] {
  const estimate = `${is_upper_estimate ? 'at most ' : isSampled ? 'about ' : ''}${grouped(over)}`;
  const first = first_over_ns === null ? '' : `, first at ${utc(first_over_ns)} UTC`;
  const from = over === 0 ? '' : ` (${share(over, seen).trim()}), from ${one(buckets, 'bucket')}${first}`;
  const lost =
    not_evaluated === 0 ? [] : [`  not evaluated: ${grouped(not_evaluated)}, because there were too many buckets`];
  return [
    rule,
    `  ${estimate} of ${grouped(seen)} would have been over${from}`,
    ...by_bucket.map((each) => `  ${grouped(each.over).padStart(10)}  ${each.bucket}`),
    ...lost,
  ];
}

function headText(report: PastDryRunReport): string[] {
  const { records, judged, bytes, first_ns, last_ns, from_ns, incomplete } = report;
  const partial = incomplete.is_partial
    ? [
        `PARTIAL: interrupted after ${grouped(incomplete.evaluated_segments)} of ${one(incomplete.segments, 'segment')}.`,
      ]
    : [];
  if (first_ns === null || last_ns === null) return [...partial, 'There are no recorded packets in this range.'];
  const begins =
    from_ns !== null && BigInt(first_ns) - BigInt(from_ns) > MUCH_LATER_NS
      ? [`The first recorded packet is ${formatDuration(msOf(first_ns) - msOf(from_ns))} after --from.`]
      : [];
  const evaluated = `Evaluated ${one(judged, 'packet')}, ${one(bytes, 'byte')}, from ${utc(first_ns)} to ${utc(last_ns)} UTC.`;
  const sampled =
    records < judged ? [`Sampled: ${one(records, 'record')} stand for them, so the counts are estimates.`] : [];
  return [...partial, evaluated, ...begins, ...sampled];
}

const MUCH_LATER_NS = 60_000_000_000n;

function notesText({ expiring_rules, unknown_interfaces, incomplete, known_good }: PastDryRunReport): string[] {
  const { gaps, not_recording, expired, damaged, unreadable_journal_lines, uncounted_source_packets } = incomplete;
  const notes: string[] = [];
  if (expiring_rules > 0) {
    const rules = expiring_rules === 1 ? 'One rule expires; it was' : `${expiring_rules} rules expire; they were`;
    notes.push(`${rules} evaluated as if in force during the whole range.`);
  }
  for (const name of unknown_interfaces)
    notes.push(`No interface had the name ${printableName(name)} in this range: rules for it matched nothing.`);
  const lost = gaps.reduce((sum, { records }) => sum + records, 0);
  if (gaps.length > 0) {
    const causes = [...new Set(gaps.map(({ cause }) => cause))].map(printableName).join('; ');
    notes.push(`Incomplete: ${one(gaps.length, 'gap')} with ${one(lost, 'lost record')} (${causes}).`);
  }
  for (const { from_ns, to_ns } of not_recording.slice(0, MAX_LINES))
    notes.push(`Incomplete: nothing was recorded from ${utc(from_ns)} to ${utc(to_ns)} UTC.`);
  if (not_recording.length > MAX_LINES)
    notes.push(`Incomplete: and ${one(not_recording.length - MAX_LINES, 'more time')} without recorder.`);
  if (expired.records > 0)
    notes.push(
      `Incomplete: ${one(expired.records, 'record')} of ${one(expired.segments, 'segment')} at the edge or inside of this range expired.`,
    );
  if (incomplete.forgotten_records > 0)
    notes.push(`Incomplete: packetlog forget removed ${one(incomplete.forgotten_records, 'record')}.`);
  if (damaged.length > 0)
    notes.push(
      `Incomplete: ${one(damaged.length, 'damaged segment')} skipped. packetlog segments verify shows all damage.`,
    );
  if (unreadable_journal_lines > 0)
    notes.push(`Incomplete: ${one(unreadable_journal_lines, 'line')} of the journal cannot be read.`);
  if (uncounted_source_packets > 0)
    notes.push(
      `There were more sources than are counted separately: ${one(uncounted_source_packets, 'packet')} of others are only in the totals.`,
    );
  if (known_good.sources > MAX_LINES)
    notes.push(`${grouped(known_good.sources - MAX_LINES)} more known-good sources: --json lists up to 100.`);
  return notes;
}

function isNew({ newly_denied }: { newly_denied: { packets: number } }): boolean {
  return newly_denied.packets > 0;
}

function share(part: number, all: number): string {
  return `${((100 * part) / all).toFixed(1)} %`.padStart(7);
}

function portText(protocol: number, port: number): string {
  return port === 0 ? protocolName(protocol) : `${protocolName(protocol)} ${port}`;
}

function msOf(ns: string): number {
  return Number(BigInt(ns) / NS_PER_MS);
}

function utc(ns: string): string {
  const ms = msOf(ns);
  const date = new Date(Math.min(ms, MAX_MS));
  return date.toISOString().replace('T', ' ').replace('Z', '');
}

/** Last time that a Date can have. */
const MAX_MS = 8_640_000_000_000_000;
