import { expect, it } from 'vitest';
import { makeDecision } from '../../../../test/support/decision.ts';
import { News } from './news.ts';

const finding = (id: number, opened_at_ms = 1000) => ({
  id,
  kind: 'login_attempts',
  opened_at_ms,
  first_at_ms: opened_at_ms,
  last_at_ms: opened_at_ms,
  source: '203.0.113.99',
  port: 22,
  packets: 88,
  per_minute: 88,
  filter: 'src 203.0.113.99',
});
const findings = (open: object[], closed: object[] = []) => [
  { node: '', message: { at_ms: 1, open, closed, opened: {}, untracked: 0 } },
];
const decisions = (...messages: object[]) => messages.map((message) => ({ node: '', message }));
const TEXT = '203.0.113.99: 88 connection attempts a minute to ssh';

it('tells of findings after those that were there, once, and again after a start of the loader', () => {
  const news = new News();
  expect(news.of([], [])).toEqual([]);
  expect(news.of(findings([finding(1)]), [])).toEqual([]);
  expect(news.of(findings([finding(1), finding(2)]), [])).toEqual([TEXT]);
  expect(news.of(findings([finding(2)], [finding(1)]), [])).toEqual([]);
  expect(news.of(findings([finding(1, 9000)]), [])).toEqual([TEXT]);
});

it('tells of bans, and of no other decision', () => {
  const news = new News();
  const old = makeDecision({ id: 1 });
  expect(news.of([], decisions(old))).toEqual([]);
  const ban = makeDecision({ id: 2, source: '203.0.113.2' });
  const would = makeDecision({ id: 3, kind: 'would_ban' });
  expect(news.of([], decisions(old, ban, would))).toEqual(['Banned 203.0.113.2']);
  expect(news.of([], decisions(old, ban, would, { id: 4 }))).toEqual([]);
});
