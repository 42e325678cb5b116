import { expect, it } from 'vitest';
import type { Decision } from './decision.ts';
import { decisionText } from './decision-text.ts';

const HOUR = 3_600_000;
const decision = (changes: Partial<Decision>): Decision => ({
  id: 1,
  at_ms: 0,
  kind: 'ban',
  source: '203.0.113.66',
  rule: {
    id: 3,
    action: 'limit',
    source: 'any',
    protocol: 'tcp',
    destination_port: 22,
    rate: '20/min',
    reason: 'ssh',
    created_by: 'root',
    created_at: '2026-01-01T00:00:00.000Z',
  },
  attempts: { in_1_s: 2, in_10_s: 20, in_60_s: 61 },
  connections: 61,
  ports: [22],
  samples: [],
  guards: [],
  strike: 1,
  duration_ms: HOUR,
  ...changes,
});

it.each<[string, Partial<Decision>]>([
  [
    'banned for 4 h (2nd time): 61 connections to tcp port 22 in 1 min, limit 20/min; all verified',
    { strike: 2, duration_ms: 4 * HOUR },
  ],
  [
    'would be banned for 24 h (11th time): 61 connections to tcp port 22 in 1 min, limit 20/min; all verified',
    { kind: 'would_ban', strike: 11, duration_ms: 24 * HOUR },
  ],
  ['banned for 1 h: 61 connection attempts to tcp port 22 in 60 s, limit 20/min; 21 verified', { connections: 21 }],
  [
    'banned for 1 h 30 min: 70 connections to tcp port 22 in 2 min 5 s, limit 20/min; all verified',
    { connections: 70, connections_within_ms: 125_000, duration_ms: 1.5 * HOUR },
  ],
  [
    'not banned, because it is a name server: 192.0.2.53, and it is the address of an operator: 192.0.2.53: 61 connections to tcp port 22 in 1 min, limit 20/min; all verified',
    {
      kind: 'not_banned',
      guards: [
        { guard: 'permit_rule', passed: true },
        { guard: 'infrastructure', passed: false, note: 'it is a name server: 192.0.2.53' },
        { guard: 'operator', passed: false, note: 'it is the address of an operator: 192.0.2.53' },
      ],
    },
  ],
])('%s', (text, changes) => {
  expect(decisionText(decision(changes))).toBe(text);
});
