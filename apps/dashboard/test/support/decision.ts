import { BAN_GUARDS, type Decision } from '@packetlog/common';

/** A ban after 61 connections to ssh. */
export function makeDecision(over: Partial<Decision> = {}): Decision {
  return {
    id: 12,
    at_ms: 1_767_362_602_118,
    kind: 'ban',
    source: '203.0.113.99',
    rule: {
      id: 3,
      action: 'limit',
      source: 'any',
      protocol: 'tcp',
      destination_port: 22,
      rate: '20/min',
      enforce: true,
      reason: 'ssh',
      created_by: 'root',
      created_at: '2026-01-02T00:00:00.000Z',
    },
    attempts: { in_1_s: 3, in_10_s: 15, in_60_s: 61 },
    connections: 61,
    ports: [22],
    samples: [],
    guards: BAN_GUARDS.map((guard) => ({ guard, passed: true })),
    strike: 1,
    duration_ms: 3_600_000,
    ends_at_ms: 1_767_366_202_118,
    ban_rule: 4_000_000_012,
    ...over,
  };
}
