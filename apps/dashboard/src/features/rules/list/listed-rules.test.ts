import { expect, test } from 'vitest';
import { makeRule } from '../../../../test/support/samples.ts';
import { countByAction, FIRST_CHOICE, type ListChoice, listRules, sortedBy } from './listed-rules.ts';

const RULES = [
  makeRule({ id: 1, action: 'permit', source: '192.0.2.0/24', reason: 'office' }),
  makeRule({ id: 2, source: 'set:scanners', reason: '', created_by: 'root' }),
  makeRule({ id: 3, source: '203.0.113.7', protocol: 'tcp', destination_port: 22, expires_at: '2030-01-01T00:00:00Z' }),
];
const packets: Record<number, number> = { 1: 5, 2: 500, 3: 5 };
const counted = (id: number) => ({
  packets: packets[id] ?? 0,
  bytes: 0,
  overPackets: 0,
  lastSeenMs: null,
  perSecond: 0,
  overLately: 0,
});
const ids = (choice: Partial<ListChoice>) =>
  listRules(RULES, { ...FIRST_CHOICE, ...choice }, counted).map(({ id }) => id);

test('the newest rule comes first', () => expect(ids({})).toEqual([3, 2, 1]));

test.each<[string, number[]]>([
  ['scanners', [2]],
  ['ssh', []],
  ['PORT 22', [3]],
  ['office', [1]],
  ['root', [2]],
  ['113', [3]],
  ['deny', [3, 2]],
])('a search for "%s" finds %o', (search, found) => expect(ids({ search })).toEqual(found));

test('the list can show one action', () => expect(ids({ action: 'permit' })).toEqual([1]));

test('rules are ordered by packets, equal ones by number, newest first', () => {
  expect(ids({ sort: 'packets' })).toEqual([2, 3, 1]);
  expect(ids({ sort: 'packets', descending: false })).toEqual([3, 1, 2]);
});

test('ordered by expiry, the rule that expires soonest is first and rules without expiry are last', () => {
  const choice = sortedBy(FIRST_CHOICE, 'expires');
  expect(ids(choice)[0]).toBe(3);
  expect(sortedBy(choice, 'expires').descending).toBe(true);
  expect(sortedBy(choice, 'packets')).toMatchObject({ sort: 'packets', descending: true });
});

test('rules are counted by action', () =>
  expect(countByAction(RULES)).toEqual({ permit: 1, deny: 2, limit: 0, observe: 0 }));
