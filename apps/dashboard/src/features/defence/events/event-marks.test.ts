import type { AuditEntry, Rule } from '@packetlog/common';
import { expect, it } from 'vitest';
import { makeDecision } from '../../../../test/support/decision.ts';
import { makeRule } from '../../../../test/support/samples.ts';
import { type DefenceEvent, defenceEvents, eventMarks, eventsText, markTitle } from './event-marks.ts';

const NOTHING = { bans: [], decisions: [], findings: [], entries: [] };
const entry = (at_ms: number, before: Rule[], after: Rule[]): AuditEntry => ({
  at: new Date(at_ms).toISOString(),
  revision: 1,
  what: 'edit',
  who: { name: 'root', via: 'control' },
  why: '',
  before: { rules: before },
  after: { rules: after },
});
const limit = (id: number, enforce?: boolean) => makeRule({ id, action: 'limit', rate: '20/min', enforce });
const ban = (decision: number, began_at_ms: number) => ({
  decision,
  ban_rule: 4_000_000_000 + decision,
  source: `203.0.113.${decision}`,
  limit_rule: 3,
  began_at_ms,
  ends_at_ms: began_at_ms + 1000,
  strike: 1,
  packets: 0,
});
const bans = (...newest: object[]) => ({
  at_ms: 1,
  active: newest.length,
  max_active: 10,
  newest,
  decided: { ban: 1, would_ban: 0, not_banned: 0 },
  undone: 0,
});
const finding = (id: number, opened_at_ms: number) => ({
  id,
  kind: 'port_scan',
  opened_at_ms,
  first_at_ms: opened_at_ms - 1000,
  last_at_ms: opened_at_ms,
  source: '203.0.113.66',
  destination: '192.0.2.2',
  packets: 100,
  ports: 100,
  filter: 'src 203.0.113.66',
});

it('joins bans, also those that are over, findings, and limits that were enforced', () => {
  const events = defenceEvents({
    bans: [
      { node: '', message: bans(ban(1, 3000)) },
      { node: '', message: 'no bans' },
    ],
    decisions: [
      { node: '', message: makeDecision({ id: 1, source: '203.0.113.1', at_ms: 3000 }) },
      { node: '', message: makeDecision({ id: 2, source: '203.0.113.2', at_ms: 1000 }) },
      { node: '', message: makeDecision({ id: 3, kind: 'would_ban', at_ms: 1500 }) },
    ],
    findings: [
      { node: 'web-1', message: { at_ms: 1, open: [finding(1, 2000)], closed: [], opened: {}, untracked: 0 } },
    ],
    entries: [
      entry(4000, [limit(7)], [limit(7, true)]),
      entry(5000, [limit(7, true)], [limit(7)]),
      entry(6000, [limit(8, true)], [limit(8, true)]),
      entry(7000, [], [limit(9, true)]),
    ],
  });
  expect(events.map(({ kind, atMs, text }) => [kind, atMs, text])).toEqual([
    ['ban', 1000, 'Banned 203.0.113.2'],
    ['finding', 2000, 'web-1: 203.0.113.66 scanned 100 ports of 192.0.2.2 in 1 s'],
    ['ban', 3000, 'Banned 203.0.113.1'],
    ['limit', 4000, 'Limit 7 enforced'],
    ['limit', 7000, 'Limit 9 enforced'],
  ]);
  expect(defenceEvents(NOTHING)).toEqual([]);
});

const event = (kind: DefenceEvent['kind'], atMs: number): DefenceEvent => ({ kind, atMs, text: `${kind} ${atMs}` });

it('places what is within the axis, and joins what is too close; a ban is drawn first', () => {
  const events = [event('ban', -1), event('limit', 0), event('finding', 500), event('ban', 505), event('limit', 1001)];
  const marks = eventMarks(events, { fromMs: 0, toMs: 1000 });
  expect(marks.map(({ kind, at, events: near }) => [kind, at, near.length])).toEqual([
    ['limit', 0, 1],
    ['ban', 0.5, 2],
  ]);
  expect(eventsText(marks)).toBe('In this time: 1 ban, 1 finding, 1 enforced limit.');
  expect(eventsText([])).toBe('');
});

it('names the events of a mark, and counts those that do not fit', () => {
  const many = Array.from({ length: 9 }, () => event('ban', 0));
  const [mark] = eventMarks(many, { fromMs: 0, toMs: 1000 });
  const lines = (mark && markTitle(mark, 1000))?.split('\n') ?? [];
  expect(lines).toHaveLength(7);
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d ban 0$/);
  expect(lines[6]).toBe('and 3 more');
});
