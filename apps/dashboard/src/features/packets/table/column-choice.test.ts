import { expect, test } from 'vitest';
import {
  DEFAULT_COLUMNS,
  isDefaultChoice,
  MAX_WIDTH,
  MIN_WIDTH,
  moved,
  movedTo,
  readColumnChoice,
  resized,
  tracks,
  unsized,
  visibleColumns,
  withShown,
} from './column-choice.ts';
import { COLUMN_KEYS } from './columns.ts';

const PLAIN = { manyInterfaces: false, vlanSeen: false };
const WITHOUT_CHOICE = ['time', 'action', 'src', 'dst', 'protocol', 'detail', 'length', 'reason'];

test('columns with the same value in every row are hidden by default', () => {
  expect(visibleColumns(DEFAULT_COLUMNS, PLAIN)).toEqual(WITHOUT_CHOICE);
  expect(visibleColumns(DEFAULT_COLUMNS, { manyInterfaces: true, vlanSeen: true })).toEqual([
    ...WITHOUT_CHOICE.slice(0, -1),
    'interface',
    'vlan',
    'reason',
  ]);
});

test('a column that was switched on or off stays on or off', () => {
  const choice = withShown(withShown(DEFAULT_COLUMNS, 'vlan', false), 'src_port', true);
  expect(visibleColumns(choice, { ...PLAIN, vlanSeen: true })).toContain('src_port');
  expect(visibleColumns(choice, { ...PLAIN, vlanSeen: true })).not.toContain('vlan');
});

test('the last column cannot be switched off', () => {
  const none = COLUMN_KEYS.reduce((choice, key) => withShown(choice, key, false), DEFAULT_COLUMNS);
  expect(visibleColumns(none, PLAIN)).toEqual(['time']);
});

test('a step moves a column past hidden columns, and not beyond the edge', () => {
  const right = moved(DEFAULT_COLUMNS, 'src', 1, PLAIN);
  expect(visibleColumns(right, PLAIN).slice(2, 4)).toEqual(['dst', 'src']);
  expect(visibleColumns(moved(right, 'src', -1, PLAIN), PLAIN)).toEqual(WITHOUT_CHOICE);
  expect(moved(DEFAULT_COLUMNS, 'time', -1, PLAIN)).toBe(DEFAULT_COLUMNS);
  expect(moved(DEFAULT_COLUMNS, 'reason', 1, PLAIN)).toBe(DEFAULT_COLUMNS);
});

test.each([
  ['time', 'reason', ['action', 'src', 'dst', 'protocol', 'detail', 'length', 'reason', 'time']],
  ['reason', 'time', ['reason', 'time', 'action', 'src', 'dst', 'protocol', 'detail', 'length']],
  ['dst', 'dst', WITHOUT_CHOICE],
] as const)('%s dropped on %s takes its place', (key, target, expected) => {
  expect(visibleColumns(movedTo(DEFAULT_COLUMNS, key, target), PLAIN)).toEqual(expected);
});

test('a width has a minimum and a maximum', () => {
  const choice = resized(DEFAULT_COLUMNS, { src: 200.4, dst: 1, reason: 1e6 });
  expect(choice.widths).toEqual({ src: 200, dst: MIN_WIDTH, reason: MAX_WIDTH });
  expect(unsized(choice, 'dst').widths).toEqual({ src: 200, reason: MAX_WIDTH });
});

test('tracks share the width by default, and a set width is exact', () => {
  const visible = ['time', 'src', 'reason'] as const;
  expect(tracks(visible, DEFAULT_COLUMNS, false, 12)).toEqual({
    template: '88px minmax(152px, 1.5fr) minmax(112px, 0.75fr)',
    min: 88 + 152 + 112 + 24,
  });
  expect(tracks(visible, resized(DEFAULT_COLUMNS, { src: 300 }), false, 12)).toEqual({
    template: '88px 300px minmax(112px, 0.75fr)',
    min: 88 + 300 + 112 + 24,
  });
  expect(tracks(visible, DEFAULT_COLUMNS, true, 20).template).toBe('96px 312px minmax(112px, 1fr)');
});

test('a choice survives storage as text', () => {
  const choice = resized(withShown(moved(DEFAULT_COLUMNS, 'dst', -1, PLAIN), 'rule', true), { dst: 222 });
  expect(readColumnChoice(JSON.parse(JSON.stringify(choice)))).toEqual(choice);
  expect(isDefaultChoice(choice)).toBe(false);
  expect(isDefaultChoice(DEFAULT_COLUMNS)).toBe(true);
});

test('the known parts of a choice stored by another version are used', () => {
  const kept = {
    order: ['dst', 'gone', 'dst', 'src'],
    shown: { src: 'yes', rule: true, gone: true },
    widths: { dst: '3' },
  };
  const choice = readColumnChoice(kept);
  expect(choice).toMatchObject({ shown: { rule: true }, widths: {} });
  expect([...(choice?.order ?? [])].sort()).toEqual([...COLUMN_KEYS].sort());
  expect(choice?.order.indexOf('dst')).toBeLessThan(choice?.order.indexOf('src') ?? 0);
  for (const nothing of [null, 7, 'columns']) expect(readColumnChoice(nothing)).toBeNull();
});
