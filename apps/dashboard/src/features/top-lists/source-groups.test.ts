import { expect, test } from 'vitest';
import { sourceGroups } from './source-groups.ts';

const volume = { packets: 90, bytes: 900 };
const listOf = <Entry extends object>(...entries: Entry[]) => ({
  entries: entries.map((entry) => ({ ...volume, ...entry })),
  others: { packets: 10, bytes: 100 },
  distinct: 7,
});

test('a network filters by itself, and can be denied', () => {
  const name = '203.0.113.0/24';
  const { entries, total } = sourceGroups(listOf({ name, sources: 12, networks: [name] }), 'network', 60_000);
  expect(entries).toMatchObject([
    {
      label: name,
      note: '12 sources',
      filter: 'src net 203.0.113.0/24',
      denies: { fields: { source: name }, text: name },
    },
  ]);
  expect(total).toEqual({ packets: 100, distinct: 7 });
});

test('an AS or country filters by its networks, if they are few', () => {
  const networks = ['198.51.100.0/24', '203.0.113.0/24'];
  const { entries } = sourceGroups(
    listOf(
      { name: 'AS64496', title: 'Example', sources: 2, networks },
      { name: 'AS64497', sources: 900 },
      { name: '', sources: 1, networks: ['10.0.0.0/8'] },
    ),
    'as',
    60_000,
  );
  expect(entries.map(({ label, note, filter, denies }) => [label, note, filter, denies])).toEqual([
    ['AS64496', 'Example, 2 sources', 'src net 198.51.100.0/24 or src net 203.0.113.0/24', null],
    ['AS64497', '900 sources', null, null],
    ['unknown AS', '1 source', 'src net 10.0.0.0/8', null],
  ]);
});
