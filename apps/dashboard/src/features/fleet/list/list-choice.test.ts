import { describe, expect, test } from 'vitest';
import { fleetNode, report } from '../../../../test/support/fleet.ts';
import { FIRST_CHOICE, type ListChoice, listNodes, rowsOf, SORT_KEYS, sortedBy, toggled } from './list-choice.ts';

const NOW = 1_000_000_000;
const alarm = { at_ms: NOW, level: 'error' as const, code: 'x', message: 'Records are being lost.' };
const NODES = [
  fleetNode('db1', { group: 'db', heard_at_ms: NOW, report: { ...report(), packets: 5, alarm } }),
  fleetNode('web1', { group: 'web', heard_at_ms: NOW - 60_000, report: { ...report(), packets: 9, version: '0.9.4' } }),
  fleetNode('web2', { group: 'web', heard_at_ms: null, wanted: 3 }),
];
const names = (choice: Partial<ListChoice>) =>
  listNodes(NODES, { ...FIRST_CHOICE, ...choice }, NOW).map(({ name }) => name);

describe('the listed nodes', () => {
  test.each<[Partial<ListChoice>, string[]]>([
    [{}, ['db1', 'web1', 'web2']],
    [{ descending: true }, ['web2', 'web1', 'db1']],
    [{ search: 'WEB' }, ['web1', 'web2']],
    [{ search: 'web 0.9' }, ['web1']],
    [{ search: 'lost' }, ['db1']],
    [{ search: 'nowhere' }, []],
    [{ shown: 'silent' }, ['web1', 'web2']],
    [{ shown: 'rules' }, ['web2']],
    [{ shown: 'alarms' }, ['db1']],
    [{ sort: 'packets', descending: true }, ['web1', 'db1', 'web2']],
    [{ sort: 'data', descending: true }, ['web2', 'web1', 'db1']],
    [{ sort: 'group' }, ['db1', 'web1', 'web2']],
  ])('with %o are %o', (choice, expected) => {
    expect(names(choice)).toEqual(expected);
  });

  test('do not change the order of what the hub sent', () => {
    names({ descending: true });
    expect(NODES.map(({ name }) => name)).toEqual(['db1', 'web1', 'web2']);
  });

  test.each(SORT_KEYS)('can be sorted by %s, with nodes that never reported', (sort) => {
    expect(names({ sort })).toHaveLength(3);
    expect(names({ sort, descending: true })).toHaveLength(3);
  });
});

test('groups have their sums above their nodes, which can be hidden', () => {
  const choice = { ...FIRST_CHOICE, isGrouped: true };
  const shape = (rows: ReturnType<typeof rowsOf>) =>
    rows.map((row) =>
      row.kind === 'group' ? `${row.name}: ${row.sums.nodes}, ${row.sums.silent} silent` : row.node.name,
    );
  expect(shape(rowsOf(NODES, choice, NOW))).toEqual(['db: 1, 0 silent', 'db1', 'web: 2, 2 silent', 'web1', 'web2']);
  const closed = toggled(choice, 'web');
  expect(shape(rowsOf(NODES, closed, NOW))).toEqual(['db: 1, 0 silent', 'db1', 'web: 2, 2 silent']);
  expect(toggled(closed, 'web').closed.size).toBe(0);
});

test('a click on a header sorts numbers by the largest, then by the smallest', () => {
  const once = sortedBy(FIRST_CHOICE, 'packets');
  expect(once).toMatchObject({ sort: 'packets', descending: true });
  expect(sortedBy(once, 'packets').descending).toBe(false);
  expect(sortedBy(once, 'group')).toMatchObject({ sort: 'group', descending: false });
});
