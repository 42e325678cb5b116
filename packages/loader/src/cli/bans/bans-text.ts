/** Bans and decisions as lines for a terminal. */
import {
  type BanResults,
  type Decision,
  decisionText,
  FIRST_BAN_RULE_ID,
  formatDuration,
  ruleSentence,
} from '@packetlog/common';

type Row = readonly string[];

export function bansText({ active, bans }: BanResults['list'], nowMs: number): string[] {
  if (bans.length === 0)
    return [active === 0 ? 'No bans are in force.' : `None of the ${count(active)} bans in force concerns it.`];
  const rows = bans.map(({ decision, source, limit_rule, ends_at_ms, strike, packets }) => [
    String(decision),
    source,
    String(limit_rule),
    formatDuration(Math.max(0, ends_at_ms - nowMs)),
    String(strike),
    count(packets),
  ]);
  const more = bans.length < active ? [`${count(bans.length)} of ${count(active)} bans.`] : [];
  return [...table([['BAN', 'SOURCE', 'LIMIT', 'ENDS IN', 'STRIKE', 'DENIED'], ...rows]), ...more];
}

/** Explains decisions, newest first, with an empty line between them. */
export function decisionLines(decisions: readonly Decision[], nowMs: number): string[] {
  return decisions.flatMap((decision, i) => [...(i === 0 ? [] : ['']), ...explained(decision, nowMs)]);
}

function explained(decision: Decision, nowMs: number): string[] {
  const { id, source, rule, attempts, connections, ports, guards, samples, is_sampled } = decision;
  const { in_1_s, in_10_s, in_60_s } = attempts;
  return [
    `Decision ${id}: ${source} ${decisionText(decision)}`,
    `  ${timesText(decision, nowMs)}`,
    `  limit ${rule.id}: ${ruleSentence(rule, nowMs)}`,
    `  connection attempts: ${in_1_s} in 1 s, ${in_10_s} in 10 s, ${in_60_s} in 60 s${is_sampled ? ' (incomplete: records were sampled)' : ''}; connections verified by the kernel: ${connections}`,
    ...(ports.length === 0 ? [] : [`  destination ports: ${ports.join(', ')}`]),
    '  guards:',
    ...guards.map(
      ({ guard, passed, note }) =>
        `    ${passed ? 'passed  ' : 'objects '}  ${guard.replaceAll('_', ' ')}${note === undefined ? '' : `: ${note}`}`,
    ),
    ...(samples.length === 0 ? [] : ['  records:', ...samples.map((sample) => `    ${sampleText(sample)}`)]),
  ];
}

function timesText({ id, at_ms, kind, ends_at_ms, undone }: Decision, nowMs: number): string {
  const at = `decided at ${timeText(at_ms)}`;
  if (kind !== 'ban' || ends_at_ms === undefined) return at;
  if (undone !== undefined) {
    const never = undone.permit_rule === undefined ? '' : `, who added permit rule ${undone.permit_rule}`;
    return `${at}; undone at ${timeText(undone.at_ms)} by ${undone.by}${never}`;
  }
  if (ends_at_ms <= nowMs) return `${at}; ended at ${timeText(ends_at_ms)}`;
  const left = formatDuration(ends_at_ms - nowMs);
  return `${at} as rule ${FIRST_BAN_RULE_ID + id}; ends at ${timeText(ends_at_ms)}, in ${left}. To end it now: packetlog bans undo ${id}.`;
}

/** One line of a record, whose fields are those of `packetlog run --print json`. */
function sampleText(sample: Decision['samples'][number]): string {
  const text = (name: string) => String(sample[name] ?? '?');
  const at = timeText(Number(BigInt(text('timestamp_ns').replace(/\D/g, '') || 0) / 1_000_000n));
  return `${at}  ${text('src_addr')} port ${text('src_port')} to ${text('dst_addr')} port ${text('dst_port')}, ${text('action')}, ${text('interface')}`;
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function table(rows: readonly Row[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
