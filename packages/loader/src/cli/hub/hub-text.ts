/** Answers of the hub as text. */
import type { Fleet, FleetAuditEntry, FleetNode, FleetResults, JoinTokenState, Role } from '@packetlog/common/fleet';
import { aligned, grouped, utcText } from '../../past/reading/report-text.ts';
import { printableName } from '../../system/interface-name.ts';

const S_PER_MINUTE = 60;
const S_PER_HOUR = 3600;
const S_PER_DAY = 86_400;

/** What `packetlog hub nodes --json` prints: the nodes by name. */
function nodesJson({ nodes, at_ms }: Fleet): object {
  return {
    nodes: byName(nodes).map((node) => {
      const { name, group, key, joined_at_ms, wanted, report } = node;
      return {
        name,
        group,
        age_s: ageOf(node, at_ms) ?? null,
        key,
        joined_at_ms,
        ...(wanted !== undefined && { wanted }),
        ...(report !== undefined && {
          version: report.version,
          recorder: report.recorder,
          packets_per_s: perSecond(report.packets, report.interval_ms),
          denied_per_s: perSecond(report.denied, report.interval_ms),
          ledger: report.ledger,
          rules: report.rules,
          ...(report.ship !== undefined && { ship: report.ship }),
          ...(report.alarm !== undefined && { alarm: report.alarm }),
        }),
      };
    }),
  };
}

function nodesText({ nodes, at_ms }: Fleet): string {
  if (nodes.length === 0) return 'No nodes. Let some join: packetlog hub join-token --for 1h --uses 30.\n';
  const rows = byName(nodes).map((node) => {
    const { report } = node;
    const age = ageOf(node, at_ms);
    return [
      node.name,
      node.group,
      age === undefined ? 'not heard' : ageText(age),
      report === undefined ? '' : grouped(perSecond(report.packets, report.interval_ms)),
      report === undefined ? '' : grouped(perSecond(report.denied, report.interval_ms)),
      report?.version ?? '',
      rulesText(node),
    ];
  });
  const headings = ['node', 'group', 'heard', 'packets/s', 'denied/s', 'version', 'rules'];
  return table(headings, rows, [0, 1, 2, 5, 6]);
}

export function ageText(seconds: number): string {
  if (seconds < S_PER_MINUTE) return `${Math.round(seconds)} s ago`;
  if (seconds < S_PER_HOUR) return `${Math.round(seconds / S_PER_MINUTE)} min ago`;
  if (seconds < S_PER_DAY) return `${Math.round(seconds / S_PER_HOUR)} h ago`;
  return `${Math.round(seconds / S_PER_DAY)} d ago`;
}

export function lines(texts: Iterable<string>): string {
  return [...texts].map((line) => `${line.trimEnd()}\n`).join('');
}

function auditText({ entries }: { entries: readonly FleetAuditEntry[] }): string {
  if (entries.length === 0) return 'Nothing was changed yet.\n';
  const rows = entries.map(({ at_ms, person, address, what, target, rejected }) => [
    timeText(at_ms),
    person,
    address ?? 'on the hub',
    what,
    target,
    rejected === undefined ? 'done' : `rejected: ${rejected}`,
  ]);
  return table(['time (UTC)', 'who', 'from', 'what', 'target', 'result'], rows, [0, 1, 2, 3, 4, 5]);
}

function peopleText({ people }: FleetResults['people']): string {
  if (people.length === 0) return 'No people. Add the first: packetlog hub people add NAME --role admin.\n';
  const rows = people.map(({ person, role, added_at_ms }) => [person, roleText(role), timeText(added_at_ms)]);
  return table(['person', 'role', 'added (UTC)'], rows, [0, 1, 2]);
}

function joinTokensText({ tokens }: { tokens: readonly JoinTokenState[] }): string {
  if (tokens.length === 0) return 'No join tokens are valid.\n';
  const rows = tokens.map(({ id, group, uses_left, expires_at_ms }) => [
    id,
    group,
    grouped(uses_left),
    timeText(expires_at_ms),
  ]);
  return table(['token', 'group', 'uses left', 'expires (UTC)'], rows, [0, 1, 3]);
}

function roleText(role: Role): string {
  return role.kind === 'rules' ? `rules:${role.groups.join(',')}` : role.kind;
}

const NS_PER_MS = 1_000_000n;
const timeText = (ms: number): string => utcText(BigInt(Math.round(ms)) * NS_PER_MS).replace(/\.\d+$/, '');

/** `texts`: indexes of the columns that are not numbers. */
function table(headings: string[], rows: readonly (readonly string[])[], texts: readonly number[]): string {
  const printable = rows.map((row) => row.map((cell) => printableName(cell)));
  return lines(aligned([headings, ...printable], new Set(texts)));
}

function rulesText({ wanted, report }: FleetNode): string {
  if (report === undefined) return '';
  const { generation, answer, drift } = report.rules;
  const number = generation?.number ?? 0;
  const parts = wanted === undefined && number === 0 ? ['none'] : [`generation ${number} of ${wanted ?? number}`];
  if (answer !== undefined && answer.state !== 'in_force') parts.push(answer.state);
  if (drift !== undefined && drift.length > 0) parts.push('drift');
  return parts.join(', ');
}

function byName(nodes: readonly FleetNode[]): FleetNode[] {
  return [...nodes].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Seconds since the node was heard, by the hub's clock; undefined: not since the hub started. */
function ageOf({ heard_at_ms }: FleetNode, atMs: number): number | undefined {
  return heard_at_ms === null ? undefined : Math.max(0, (atMs - heard_at_ms) / 1000);
}

function perSecond(count: number, intervalMs: number): number {
  return Math.round((count * 1000) / intervalMs);
}

/** For commands that load this only when they run. */
export const hubText = { nodesJson, nodesText, auditText, peopleText, joinTokensText };
