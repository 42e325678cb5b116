/** Nodes of a fleet as a hub describes them: each kind of trouble is among them, at fixed places. */
import type { FleetNode, Group, NodeReport } from '@packetlog/common/fleet';

const GROUPS = ['web', 'db', 'edge', 'default'] as const;
const HASH = `sha256:${'ab'.repeat(32)}`;
/** Newest generation of each group; the group default has none. */
const GENERATION: Readonly<Record<string, number>> = { web: 12, db: 12, edge: 8 };
const HOUR_MS = 3_600_000;
const PORTS = [443, 22, 80, 53, 3306, 25, 5432, 8080, 123, 6379] as const;

/** Up to 4 nodes are in one group. */
export function simulatedNodes(count: number, nowMs: number): FleetNode[] {
  return Array.from({ length: count }, (_, i) => {
    const group = count <= GROUPS.length ? 'web' : (GROUPS[i % GROUPS.length] ?? 'web');
    const name = count <= GROUPS.length ? `web${i + 1}` : `${group}-${String(i).padStart(4, '0')}`;
    const wanted = GENERATION[group];
    const heard = i === 11 ? null : i % 97 === 5 ? nowMs - 130_000 : nowMs;
    return {
      ...{ name, group, joined_at_ms: nowMs - 72 * HOUR_MS, key: '0123456789abcdef', heard_at_ms: heard },
      ...(wanted !== undefined && { wanted }),
      ...(heard !== null && { report: report(i, group, nowMs) }),
    };
  });
}

export function groupsOf(nodes: readonly FleetNode[], nowMs: number): Group[] {
  return GROUPS.flatMap((name) => {
    const size = nodes.filter(({ group }) => group === name).length;
    const number = GENERATION[name];
    if (size === 0) return [];
    if (number === undefined) return [{ name, nodes: size }];
    const generation = {
      number,
      hash: HASH,
      by: 'anna',
      at_ms: nowMs - HOUR_MS,
      note: 'ssh only from the office',
      rules: 14,
      lists: 2,
    };
    const done = { number, state: 'done' as const, stage: 'all' as const, wanted: size, in_force: size };
    const counts = { waiting: 0, rejected: 0, failed: 0 };
    if (name !== 'edge') return [{ name, nodes: size, generation, rollout: { ...done, ...counts } }];
    const why = 'edge-0002 rejected it: it would lock out 192.0.2.1, the default gateway of this server.';
    const stopped = { number, state: 'stopped' as const, stage: 'few' as const, wanted: 13, in_force: 11, why };
    return [{ name, nodes: size, generation, rollout: { ...stopped, waiting: 1, rejected: 1, failed: 0 } }];
  });
}

function report(i: number, group: string, nowMs: number): NodeReport {
  const packets = 3 + Math.round(1000 * (1 + Math.sin(i)) ** 4);
  const denied = i % 7 === 0 ? Math.round(packets / 20) : 0;
  const isGone = i % 31 === 3;
  return {
    ...{
      at_ms: nowMs,
      version: i % 50 === 1 ? '0.9.4' : '1.0.0',
      session_id: String(i),
      started_at_ms: nowMs - 24 * HOUR_MS,
    },
    interfaces: [
      { name: 'eth0', mode: i % 5 === 0 ? 'generic' : 'native', state: 'attached' },
      ...(isGone ? [{ name: 'eth1', mode: 'generic' as const, state: 'gone' as const }] : []),
    ],
    ...{ interval_ms: 1_000, packets, bytes: packets * 700, denied },
    top_sources: Array.from({ length: 10 }, (_, k) => ({
      ...{ addr: `203.0.113.${1 + ((i + k) % 30)}`, packets: Math.round(packets / (k + 3)), bytes: packets * 10 },
    })),
    top_ports: PORTS.map((port, k) => ({
      ip_protocol: 6,
      port,
      packets: Math.round(packets / (k + 2)),
      bytes: packets,
    })),
    ledger: {
      ...{ seen: packets * 1_000, permitted: (packets - denied) * 1_000, denied: denied * 1_000, aborted: 0 },
      ...{ sampled_out: 0, filtered_out: 0, ring_full: i % 211 === 8 ? 1_234 : 0 },
    },
    recorder: i % 40 === 9 ? 'stopped' : i % 3 === 0 ? 'off' : 'recording',
    ship: { offered: 1_005_000, acked: 990_000, pending: 10_000, expired: i % 120 === 7 ? 5_000 : 0 },
    rules: rules(i, group, nowMs),
    ...(i % 45 === 7 && { alarm: alarm(i, nowMs) }),
  };
}

function alarm(i: number, nowMs: number): NonNullable<NodeReport['alarm']> {
  const message = 'Records are being lost on eth0: the ring is full. Give packetlog more CPU time, or use --sample.';
  return { at_ms: nowMs - (i % 90) * 60_000, level: i % 2 === 0 ? 'error' : 'warning', code: 'loss_began', message };
}

function rules(i: number, group: string, nowMs: number): NodeReport['rules'] {
  const number = GENERATION[group];
  if (number === undefined) return { revision: 1 };
  const before = { revision: 3, generation: { group, number: number - 1, hash: HASH } };
  const inForce = {
    revision: 4,
    generation: { group, number, hash: HASH },
    answer: { number, state: 'in_force' as const },
  };
  if (i === 1)
    return { ...inForce, drift: ['rule 3 (deny 203.0.113.7) was removed', 'the list scanners has 2 networks more'] };
  if (i === 2) {
    const message = 'It would lock out 192.0.2.1, the default gateway of this server.';
    return { ...before, answer: { number, state: 'rejected', code: 'lockout', message } };
  }
  if (i === 6)
    return {
      ...before,
      answer: { number, state: 'waiting', message: 'It denies any source.', pending_until_ms: nowMs + 60_000 },
    };
  return group === 'edge' && i > 20 ? before : inForce;
}
