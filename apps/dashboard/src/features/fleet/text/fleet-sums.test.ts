import { expect, test } from 'vitest';
import { fleetNode, report } from '../../../../test/support/fleet.ts';
import { notInForce, sumsOf } from './fleet-sums.ts';
import { topsOf } from './fleet-tops.ts';

const NOW = 1_000_000_000;
const ledger = { ...report().ledger, ring_full: 7 };

test('silent nodes count as nodes, and their losses count, but not their rates', () => {
  const nodes = [
    fleetNode('a', {
      heard_at_ms: NOW,
      report: { ...report(), interval_ms: 500, packets: 50, bytes: 5_000, denied: 5 },
    }),
    fleetNode('b', { heard_at_ms: NOW - 20_000, report: { ...report(), packets: 1_000, ledger } }),
    fleetNode('c', { heard_at_ms: null, wanted: 3 }),
  ];
  const sums = sumsOf(nodes, NOW);
  expect(sums).toMatchObject({ nodes: 3, silent: 2, packets: 100, bytes: 10_000, denied: 10, lost: 7, alarms: 0 });
  expect(notInForce(sums)).toBe(1);
});

test('alarms count for an hour', () => {
  const alarm = (at_ms: number) => ({
    ...report(),
    alarm: { at_ms, level: 'error' as const, code: 'x', message: 'm' },
  });
  const nodes = [NOW, NOW - 3_600_000, NOW - 3_600_001].map((at, i) => fleetNode(`n${i}`, { report: alarm(at) }));
  expect(sumsOf(nodes, NOW).alarms).toBe(2);
});

test('top lists add up what several nodes report, largest first', () => {
  const of = (packets: number, addr: string, denied = 0) => ({
    ...report(),
    denied,
    top_sources: [{ addr, packets, bytes: 0 }],
    top_ports: [{ ip_protocol: 6, port: 22, packets, bytes: 0 }],
  });
  const nodes = [
    fleetNode('a', { heard_at_ms: NOW, report: of(10, '192.0.2.1', 3) }),
    fleetNode('b', { heard_at_ms: NOW, report: of(15, '192.0.2.2') }),
    fleetNode('c', { heard_at_ms: NOW, report: of(20, '192.0.2.1', 9) }),
    fleetNode('d', { heard_at_ms: NOW - 60_000, report: of(1_000, '192.0.2.9', 1_000) }),
  ];
  const { sources, ports, denying } = topsOf(nodes, NOW, 2);
  expect(sources).toEqual([
    { name: '192.0.2.1', rate: 30, nodes: 2 },
    { name: '192.0.2.2', rate: 15, nodes: 1 },
  ]);
  expect(ports).toEqual([{ name: 'tcp 22 ssh', rate: 45, nodes: 3 }]);
  expect(denying.map(({ name }) => name)).toEqual(['c', 'a']);
});
