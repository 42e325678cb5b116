import { expect, it } from 'vitest';
import { Toasts } from './toasts.ts';
import { UndoList, undoList } from './undo.ts';

it('takes back the newest first, each once, and not without end', () => {
  const list = new UndoList();
  const undone: number[] = [];
  for (let n = 0; n < 25; n++) list.add({ undo: () => undone.push(n) });
  while (list.undoLast());
  expect(undone).toEqual(Array.from({ length: 20 }, (_, i) => 24 - i));
  expect(list.undoLast()).toBe(false);
});

it('what its own message took back is not taken back once more', () => {
  const toasts = new Toasts();
  let undone = 0;
  const show = () => toasts.show({ text: 'Rule 1 is removed.', tone: 'done', undo: () => void undone++ });
  show();
  toasts.get()[0]?.undo?.();
  expect([undone, toasts.get().length, undoList.undoLast()]).toEqual([1, 0, false]);

  show();
  expect(undoList.undoLast()).toBe(true);
  expect([undone, toasts.get().length]).toEqual([2, 0]);
});

it('what was done can be taken back when its message is gone', () => {
  const toasts = new Toasts();
  let undone = 0;
  toasts.show({ text: 'Rule 1 is removed.', tone: 'done', undo: () => void undone++ });
  toasts.dismiss(toasts.get()[0]?.number ?? -1);
  expect(undoList.undoLast()).toBe(true);
  expect(undone).toBe(1);
});
