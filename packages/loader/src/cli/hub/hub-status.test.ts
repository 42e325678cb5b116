import type { Fleet, FleetNode } from '@packetlog/common/fleet';
import { expect, it } from 'vitest';
import { statusLines, statusOf } from './hub-status.ts';

const NOW = 1_000_000;

function node(name: string, heardMs: number | null): FleetNode {
  return { name, group: 'web', joined_at_ms: 0, key: 'k', heard_at_ms: heardMs === null ? null : NOW - heardMs };
}

const fleet = (...nodes: FleetNode[]): Fleet => ({ at_ms: NOW, is_full: true, nodes, removed: [] });

it('names nodes that were not heard, with the age of their data', () => {
  const status = statusOf(fleet(node('web1', 1000), node('web2', 300_000), node('web3', null)), undefined);
  expect(status).toMatchObject({ nodes: 3, heard: 1 });
  expect(statusLines(status, '/x')).toEqual([
    'Nodes: 3, of which 1 were heard in the last 30 s.',
    'Not heard: web2 (5 min ago), web3 (not since the hub started).',
  ]);
});

it('tells how many more there are', () => {
  const names = Array.from({ length: 8 }, (_, i) => node(`web${i}`, null));
  expect(statusLines(statusOf(fleet(...names), undefined), '/x')[1]).toMatch(/, and 3 more\.$/);
});

it('says why a rollout stopped', () => {
  const rollout = {
    ...{ number: 2, state: 'stopped' as const, stage: 'one' as const, wanted: 3 },
    ...{ in_force: 0, waiting: 0, rejected: 1, failed: 0, why: 'web1 rejected it.' },
  };
  const status = statusOf(fleet(), { groups: [{ name: 'web', nodes: 3, rollout }] });
  expect(statusLines(status, '/x')[1]).toBe('Rollout to web stopped: web1 rejected it.');
});

it('says how to start a hub that does not run', () => {
  expect(statusLines(statusOf(undefined, undefined), '/x/hub.sock')[0]).toMatch(/^No hub runs at \/x\/hub\.sock\./);
});
