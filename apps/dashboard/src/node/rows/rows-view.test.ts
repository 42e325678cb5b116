import { expect, test } from 'vitest';
import { makeBatch, makePacket } from '../../../test/support/samples.ts';
import { RowsView } from './rows-view.ts';

function viewWith(rows: number): RowsView {
  const view = new RowsView(8);
  view.live.append(makeBatch(Array.from({ length: rows }, (_, i) => makePacket({ src_port: i }))));
  return view;
}

test('a selected row does not change while others arrive', () => {
  const view = viewWith(4);
  view.select(2);
  view.live.append(makeBatch(Array.from({ length: 20 }, () => makePacket({ src_port: 9999 }))));
  const { view: records, index } = view.shown.read(2);
  expect(records.srcPort(index)).toBe(2);
  expect(view).toMatchObject({ held: true, selected: 2, newRows: 20 });
});

test('clearing the selection shows the new rows', () => {
  const view = viewWith(4);
  view.select(2);
  view.live.append(makeBatch([makePacket()]));
  view.select(null);
  expect(view).toMatchObject({ held: false, selected: null, newRows: 0 });
  expect(view.shown.end).toBe(5);
});

test('a row that was overwritten or never arrived cannot be selected', () => {
  const view = viewWith(20);
  for (const row of [3, 20, -1]) {
    view.select(row);
    expect(view.selected).toBeNull();
  }
});

test('selecting another row does not move the table', () => {
  const view = viewWith(4);
  view.select(2);
  view.live.append(makeBatch([makePacket()]));
  view.select(1);
  expect(view.shown.end).toBe(4);
});

test('while paused, rows are shown one step at a time, and the selected row stays selected', () => {
  const view = viewWith(2);
  view.setPaused(true);
  view.select(1);
  view.live.append(makeBatch([makePacket({ src_port: 2 }), makePacket({ src_port: 3 })]));
  expect([view.step(1), view.shown.end, view.newRows, view.selected]).toEqual([0, 3, 1, 1]);
  view.setPaused(false);
  expect([view.step(1), view.shown.end]).toEqual([0, 3]);
});

test('a filter clears the selection of a row that it removes, and keeps that of a row that stays', () => {
  const view = viewWith(6);
  view.select(4);
  const isEven = (bytes: Uint8Array, at: number) => (bytes[at + 52] as number) % 2 === 0;
  view.retain(isEven);
  expect(view).toMatchObject({ selected: 2, held: true });
  const { view: records, index } = view.shown.read(2);
  expect(records.srcPort(index)).toBe(4);
  view.retain((bytes, at) => bytes[at + 52] === 0);
  expect(view).toMatchObject({ selected: null, held: false });
});
