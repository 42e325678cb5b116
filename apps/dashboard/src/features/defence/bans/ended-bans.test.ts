import { expect, it } from 'vitest';
import { makeDecision } from '../../../../test/support/decision.ts';
import { endedBans } from './ended-bans.ts';

const NOW = 1_767_400_000_000;
const MINUTE = 60_000;
const ban = (
  id: number,
  { ago = 120, lasts = 60, ...more }: { ago?: number; lasts?: number; [key: string]: unknown },
) =>
  makeDecision({
    id,
    at_ms: NOW - ago * MINUTE,
    duration_ms: lasts * MINUTE,
    ends_at_ms: NOW + (lasts - ago) * MINUTE,
    ...more,
  });

it('says why a ban ended, the last one that ended first', () => {
  const undone = { at_ms: NOW - 5 * MINUTE, by: 'root' };
  const decisions = [
    ban(4, { ago: 17, undone }),
    ban(3, { ago: 30, undone: { ...undone, at_ms: NOW - 20 * MINUTE, permit_rule: 12 } }),
    ban(2, { ago: 70 }),
    ban(1, { ago: 500, lasts: 240 }),
  ];
  expect(endedBans(decisions, new Set(), NOW).map(({ decision, why }) => [decision.id, why])).toEqual([
    [4, 'undone after 12 min by root'],
    [2, 'expired after 1 h'],
    [3, 'undone after 10 min by root; rule 12 permits the source'],
    [1, 'expired after 4 h'],
  ]);
});

it('lists no ban in force, and nothing that was no ban', () => {
  const decisions = [
    // The clock was set forward: its end has moved.
    ban(4, { ago: 90 }),
    // New, and not yet among the bans in force.
    ban(3, { ago: 0 }),
    ban(2, { kind: 'not_banned' }),
    ban(1, { kind: 'would_ban' }),
  ];
  expect(endedBans(decisions, new Set([4]), NOW)).toEqual([]);
});
