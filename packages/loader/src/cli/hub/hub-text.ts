/** Answers of the hub as text. */
import type { Fleet, FleetNode } from '@packetlog/common/fleet';
import { aligned, grouped } from '../../past/reading/report-text.ts';
import { printableName } from '../../system/interface-name.ts';

const S_PER_MINUTE = 60;
const S_PER_HOUR = 3600;
const S_PER_DAY = 86_400;

/** What `packetlog hub nodes --json` prints: the nodes by name. */
export function nodesJson({ nodes, at_ms }: Fleet): object {
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

export function nodesText({ nodes, at_ms }: Fleet): string {
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
    ].map((cell) => printableName(cell));
  });
  const headings = ['node', 'group', 'heard', 'packets/s', 'denied/s', 'version', 'rules'];
  return lines(aligned([headings, ...rows], new Set([0, 1, 2, 5, 6])));
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
