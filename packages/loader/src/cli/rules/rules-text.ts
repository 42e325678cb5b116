/** Formats the answers of `packetlog rules` as text. */
import {
  type AuditEntry,
  type DryRunReport,
  formatDuration,
  type LimitPreset,
  type PendingChange,
  presetDrafts,
  protocolName,
  type RulesSnapshot,
  ruleDraftSchema,
  ruleSentence,
} from '@packetlog/common';
import { printableName } from '../../system/interface-name.ts';
import { inForceText } from './in-force-text.ts';

type ListedRule = RulesSnapshot['rules'][number];

const COLUMNS = ['id', 'action', 'match', 'packets', 'last seen', 'expires', 'by', 'reason'] as const;

const grouped = (value: number) => value.toLocaleString('en-US');
export const one = (count: number, thing: string) => `${grouped(count)} ${thing}${count === 1 ? '' : 's'}`;

export function snapshotText(snapshot: RulesSnapshot, nowMs: number): string[] {
  const { rules, sets, default_policy, pending, alarms, pinned, enforcing } = snapshot;
  const lines = [`Default policy: ${default_policy}. ${one(rules.length, 'rule')}${stateText({ enforcing, pinned })}.`];
  lines.push(...inForceText(snapshot));
  if (snapshot.bans !== undefined) lines.push(`${one(snapshot.bans, 'ban')}: packetlog bans list`);
  for (const { message, since_ms } of alarms ?? []) {
    lines.push(`Alarm since ${ago(since_ms, nowMs)}: ${printableName(message)}`);
  }
  if (pending) lines.push(...pendingText(pending, nowMs));
  if (rules.length > 0) lines.push('', ...table(rules.map((rule) => cells(rule, nowMs))));
  for (const { id, warning } of rules) if (warning !== undefined) lines.push(`Rule ${id}: ${printableName(warning)}`);
  if (sets.length > 0) lines.push('');
  for (const { name, entries, file, loaded_at_ms } of sets) {
    const from = file === undefined ? '' : ` from ${printableName(file)}`;
    lines.push(`Set ${name}: ${one(entries, 'network')}${from}, read ${ago(loaded_at_ms, nowMs)}.`);
  }
  return lines;
}

function stateText({ enforcing, pinned }: Pick<RulesSnapshot, 'enforcing' | 'pinned'>): string {
  if (!enforcing) return '';
  return pinned ? ', in force, also after packetlog stops' : ', in force';
}

export function pendingText({ until_ms, why }: PendingChange, nowMs: number): string[] {
  const left = formatDuration(Math.max(0, until_ms - nowMs));
  return [`Reverts in ${left} unless confirmed: ${why}`, 'To keep it: packetlog rules confirm'];
}

export function dryRunText(report: DryRunReport): string[] {
  const { seconds, seen, judged, denied, observed, by_rule, by_source, by_port, lockouts, limits_not_evaluated } =
    report;
  const share = seen === 0 ? '' : ` (${Math.round((1000 * judged) / seen) / 10} % of all packets)`;
  const lines = [
    `Evaluated ${one(judged, 'packet')} of ${grouped(seen)} in ${seconds} s${share}.`,
    `Would have denied ${one(denied.packets, 'packet')}, ${one(denied.bytes, 'byte')}; observed ${one(observed.packets, 'packet')}.`,
  ];
  const part = (title: string, rows: readonly (readonly [string, number])[]) => {
    if (rows.length === 0) return;
    lines.push(
      '',
      title,
      ...rows.map(([what, packets]) => `  ${grouped(packets).padStart(10)}  ${printableName(what)}`),
    );
  };
  part(
    'By rule:',
    by_rule.map(({ rule, packets }) => [rule, packets]),
  );
  part(
    'Denied, by source:',
    by_source.map(({ addr, packets }) => [addr, packets]),
  );
  part(
    'Denied, by port:',
    by_port.map(({ ip_protocol, port, packets }) => [portText(ip_protocol, port), packets]),
  );
  if (limits_not_evaluated !== undefined)
    lines.push('', `Not evaluated: ${one(limits_not_evaluated, 'limit')}, which depend on the time of each packet.`);
  for (const { kind, address } of lockouts)
    lines.push('', `It would lock out ${kind.replace('_', ' ')} ${address}: adding it would be rejected.`);
  return lines;
}

function portText(protocol: number, port: number): string {
  return port === 0 ? protocolName(protocol) : `${protocolName(protocol)} ${port}`;
}

export function auditText(entries: readonly AuditEntry[]): string[] {
  return entries.map(({ at, what, who, why, forced, before, after }) => {
    const rules = (after?.rules ?? before?.rules ?? []).map(
      (rule) => `rule ${rule.id}: ${ruleSentence(rule, Date.parse(at))}`,
    );
    const policy = after?.default_policy === undefined ? [] : [`default policy ${after.default_policy}`];
    const sets = (after?.sets ?? []).map(({ name, entries: count }) => `set ${name}: ${one(count, 'network')}`);
    const details = [
      ...rules.slice(0, 3),
      ...(rules.length > 3 ? [`and ${rules.length - 3} more`] : []),
      ...policy,
      ...sets,
    ];
    const from = who.address === undefined ? '' : ` from ${who.address}`;
    const isReasonShown = details.some((detail) => why !== '' && detail.endsWith(why));
    const parts = [
      `${at}  ${what.padEnd(8)} by ${who.name}${from}`,
      ...details,
      isReasonShown ? '' : why,
      forced ? 'forced' : '',
    ];
    return parts.filter(Boolean).map(printableName).join('; ');
  });
}

function cells(rule: ListedRule, nowMs: number): string[] {
  // Action, reason and expiry have separate columns.
  const what = ruleSentence({ ...rule, reason: '', expires_at: undefined } as never, nowMs).slice(
    rule.action.length + 1,
  );
  return [
    String(rule.id),
    rule.action,
    what,
    rule.action === 'limit'
      ? `${grouped(rule.over_packets ?? 0)} over of ${grouped(rule.packets)}`
      : grouped(rule.packets),
    rule.last_seen_ms === undefined ? '-' : ago(rule.last_seen_ms, nowMs),
    rule.expires_at === undefined
      ? 'no expiry'
      : `in ${formatDuration(Math.max(0, Date.parse(rule.expires_at) - nowMs))}`,
    rule.group === undefined ? rule.created_by : `fleet: ${rule.group}, ${rule.created_by}`,
    rule.reason,
  ].map(printableName);
}

function ago(atMs: number, nowMs: number): string {
  return `${formatDuration(Math.max(0, nowMs - atMs))} ago`;
}

function table(rows: readonly string[][]): string[] {
  const all = [[...COLUMNS], ...rows];
  const widths = COLUMNS.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, i) => (COLUMNS[i] === 'packets' ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** Returns a paragraph for each preset of limits: what it limits, and its rules as sentences. */
export function presetsText(presets: readonly LimitPreset[]): string[] {
  return [
    ...presets.flatMap(({ name, about }) => [
      `${name}: ${about}`,
      ...presetDrafts(name, 'any').map(
        (draft) => `  ${ruleSentence(ruleDraftSchema.parse({ ...draft, reason: '' }), 0)}`,
      ),
      '',
    ]),
    'To add one: packetlog rules add limit any --preset NAME. Other options replace its numbers: --port 2222, --rate 50/s.',
  ];
}
