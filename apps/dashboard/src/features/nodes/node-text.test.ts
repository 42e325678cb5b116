import { expect, test } from 'vitest';
import { bestConnection } from '../../node/all-nodes/all-nodes-connection.ts';
import { nodeNames } from '../../node/connection/node-name.ts';
import type { Connection } from '../../node/state/connection.ts';
import { liveCountText, nodeText } from './node-text.ts';

const facts = (connection: Connection, over = {}) => ({
  connection,
  now: 20_000,
  address: 'http://web-2:7411',
  isHome: false,
  blocked: false,
  page: 'http://localhost:7411',
  ...over,
});
const lost = { state: 'lost', since: 5_000, dataAt: null } as const;
const rejected = { state: 'rejected', rejection: { code: 'unauthorized', message: 'Wrong token.' } } as const;

test('a live node has no sentence', () => {
  expect(nodeText(facts({ state: 'live', dataAt: 19_600 }))).toEqual({ state: 'live', age: '0.4 s old', sentence: '' });
});

test('a node that never answered has the time without an answer, and the options that both loaders need', () => {
  const { state, sentence } = nodeText(facts(lost));
  expect(state).toBe('gone');
  expect(sentence).toContain('No answer for 15 s');
  expect(sentence).toContain('--allow-origin http://localhost:7411');
  expect(nodeText(facts(lost, { isHome: true })).sentence).not.toContain('--allow-origin');
});

test('an unreachable node has the age of its figures', () => {
  expect(nodeText(facts({ state: 'lost', since: 5_000, dataAt: 4_000 }))).toMatchObject({
    state: 'gone',
    age: '16 s old',
  });
});

test("a connection that the page's policy blocks is reported with the option that allows it", () => {
  const text = nodeText(facts(lost, { blocked: true }));
  expect(text).toMatchObject({ state: 'rejected' });
  expect(text.sentence).toContain('--allow-node http://web-2:7411');
});

test('a wrong token has the advice to edit the node', () => {
  expect(nodeText(facts(rejected)).sentence).toContain('Edit the node');
  expect(nodeText(facts(rejected, { isHome: true })).sentence).not.toContain('Edit the node');
});

test("names are given or the loader's own, and unique", () => {
  const at = (address: string, node: string | undefined, name = '') => ({ address, node, name });
  expect(nodeNames([at('http://a:1', 'web'), at('http://b:2', undefined), at('http://c:3', 'x', 'my box')])).toEqual([
    'web',
    'b:2',
    'my-box',
  ]);
  expect(nodeNames([at('http://a:1', 'vm'), at('http://b:2', 'vm')])).toEqual(['vm@a:1', 'vm@b:2']);
});

test('All nodes has the state of the best connection', () => {
  const live = (dataAt: number) => ({ state: 'live', dataAt }) as const;
  expect(bestConnection([lost, live(1), live(3), rejected])).toEqual(live(3));
  expect(bestConnection([rejected, lost])).toEqual(lost);
  expect(bestConnection([])).toEqual({ state: 'no-token' });
  expect(liveCountText(['live', 'lost', 'live'])).toBe('2 of 3 live');
  expect(liveCountText(['live', 'live'])).toBe('all 2 live');
});
