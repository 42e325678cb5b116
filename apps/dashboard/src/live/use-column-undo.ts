'use client';

import { useEffect } from 'react';
import { useLive } from './live-context.tsx';
import { columnChoice } from './table-choices.ts';
import { undoList } from './undo.ts';

/** A drag makes many changes: those that follow each other so closely are taken back as one. */
const ONE_CHANGE_MS = 1000;

/** Columns that were hidden, moved or resized come back. */
export function useColumnUndo(): void {
  const { toasts } = useLive();
  useEffect(() => {
    let before = columnChoice.value;
    let changedAt = Number.NEGATIVE_INFINITY;
    let undoing = false;
    return columnChoice.subscribe(() => {
      const was = before;
      before = columnChoice.value;
      const goesOn = performance.now() - changedAt < ONE_CHANGE_MS;
      changedAt = undoing ? Number.NEGATIVE_INFINITY : performance.now();
      if (undoing || goesOn) return;
      undoList.add({
        undo: () => {
          undoing = true;
          columnChoice.value = was;
          undoing = false;
          toasts.show({ text: 'Taken back: the columns are as they were.', tone: 'done' });
        },
      });
    });
  }, [toasts]);
}
