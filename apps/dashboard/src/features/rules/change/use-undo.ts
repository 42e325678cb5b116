'use client';

import type { RulesAnswer, RulesStep } from '@packetlog/common';
import { useMemo } from 'react';
import { useLive } from '../../../node/live-context.tsx';
import { asSentence } from '../../../text/sentence.ts';
import { overlay } from '../../../ui/keys/overlay.ts';
import { toasts } from '../../../ui/toast-store.ts';
import { useRulesView } from './use-rules.ts';

export interface Undo {
  /** The change that `undo` applies to, if any. */
  readonly last: RulesStep | undefined;
  /** The undone change that `redo` applies to, if any. */
  readonly undone: RulesStep | undefined;
  /** Undoes a change made on this page at once; asks first if it was made elsewhere. */
  readonly undo: () => void;
  /** Redoes a change undone on this page at once; asks first if it was undone elsewhere. */
  readonly redo: () => void;
  /** Undoes without confirmation. Changes nothing if `step` is no longer the last change. */
  readonly undoStep: (step: RulesStep) => Promise<void>;
  readonly redoStep: (step: RulesStep) => Promise<void>;
}

/** Provides undo and redo of rule changes for keys, buttons and messages. */
export function useUndo(): Undo {
  const { ask, store } = useLive();
  const snapshot = useRulesView()?.snapshot;
  const last = snapshot?.last_change;
  const undone = snapshot?.undone;
  return useMemo(() => {
    const report = (answer: RulesAnswer<'undo' | 'redo'>, text: string, offer: 'undo' | 'redo') => {
      if (!answer.ok) return toasts.show({ text: asSentence(answer.error.message), tone: 'problem' });
      const { revision } = answer.value;
      store.rules.made(revision);
      toasts.show({ text, tone: 'done', offer: { what: offer, revision } });
    };
    const undoStep = async ({ id, what }: RulesStep) =>
      report(await ask('undo', { change: id }), `Undone: ${what}.`, 'redo');
    const redoStep = async ({ id, what }: RulesStep) =>
      report(await ask('redo', { change: id }), `Redone: ${what}.`, 'undo');
    return {
      last,
      undone,
      undoStep,
      redoStep,
      undo: () => {
        if (last === undefined) toasts.show({ text: 'Nothing to undo: no rule was changed.', tone: 'problem' });
        else if (store.rules.isOwn(last)) void undoStep(last);
        else overlay.show('undo');
      },
      redo: () => {
        if (undone === undefined) toasts.show({ text: 'Nothing to redo.', tone: 'problem' });
        else if (store.rules.isOwn(undone)) void redoStep(undone);
        else overlay.show('redo');
      },
    };
  }, [ask, store, last, undone]);
}
