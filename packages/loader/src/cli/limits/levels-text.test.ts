import type { LimitLevels, RulesSnapshot } from '@packetlog/common';
import { expect, it } from 'vitest';
import { levelsText } from './levels-text.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const rule = {
  ...{ id: 3, action: 'limit', source: 'any', protocol: 'tcp', destination_port: 22, rate: '20/min', measure: 'syn' },
  ...{ reason: 'ssh', created_by: 'test', created_at: '2029-12-31T00:00:00Z' },
  ...{ packets: 1204, bytes: 90_000, over_packets: 311, over_bytes: 20_000 },
} as RulesSnapshot['rules'][number];
const levels: LimitLevels = {
  at_ms: NOW,
  limits: [
    {
      ...{ rule: 3, followed: 1012, over: 2, evicted: 0 },
      top: [
        { bucket: '203.0.113.99', level: 1, is_over: true, blocked_until_ms: NOW + 42_000 },
        { bucket: '2001:db8::/64', level: 1, is_over: true },
        { bucket: '198.51.100.7', level: 0.999, is_over: false },
      ],
    },
  ],
};

it('shows what a limit saw, what it follows, and the fullest buckets', () => {
  expect(levelsText(levels, [rule], NOW)).toEqual([
    'Rule 3: limit any source to tcp port 22 to 20 SYN/min per source (/64) [observing], because: ssh',
    '  Packets: 1,204 seen, 311 over (would be denied). Buckets: 1,012 followed, 2 over.',
    '  BUCKET         LEVEL  STATE',
    '  203.0.113.99   100 %  would be blocked for 42 s',
    '  2001:db8::/64  100 %  over, permitted',
    '  198.51.100.7    99 %',
    '  and 1,009 more',
  ]);
});

it('says denied and blocked of an enforced limit, and what was given up', () => {
  const [limit] = levels.limits as [LimitLevels['limits'][number]];
  const text = levelsText({ at_ms: NOW, limits: [{ ...limit, evicted: 1500 }] }, [{ ...rule, enforce: true }], NOW);
  expect(text[1]).toBe(
    '  Packets: 1,204 seen, 311 over (denied). Buckets: 1,012 followed, 2 over, 1,500 given up since the limit exists.',
  );
  expect(text[3]).toMatch(/ blocked for 42 s$/);
  expect(text[4]).toMatch(/ over$/);
});

it('says how many connections were given up before they were verified', () => {
  const evicted = (evicted_connections: number) => levelsText({ ...levels, evicted_connections }, [rule], NOW).slice(7);
  expect(evicted(0)).toEqual([]);
  expect(evicted(1)).toEqual([
    '',
    '1 connection was not counted: given up before verification, because too many were pending.',
  ]);
  expect(evicted(1500)[1]).toBe(
    '1,500 connections were not counted: given up before verification, because too many were pending.',
  );
});

it('separates limits, and copes with one that has no level or was removed', () => {
  const limits = [
    { rule: 3, followed: 0, over: 0, evicted: 0, top: [] },
    { rule: 4, followed: 0, over: 0, evicted: 0, top: [] },
  ];
  expect(levelsText({ at_ms: NOW, limits }, [rule], NOW).slice(2)).toEqual([
    '  No bucket has used half of its burst lately.',
    '',
    'Rule 4',
    '  Buckets: 0 followed, 0 over.',
    '  No bucket has used half of its burst lately.',
  ]);
  expect(levelsText({ at_ms: NOW, limits: [] }, [], NOW)).toEqual([
    'No limits. To add one that observes: packetlog rules add limit any --rate 1000/s --reason "…".',
  ]);
});
