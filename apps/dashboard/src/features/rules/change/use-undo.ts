'use client';

import type { RulesAnswer, RulesStep } from '@packetlog/common';
import { useMemo } from 'react';
import { useLive } from '../../../node/live-context.tsx';
import { asSentence } from '../../../text/sentence.ts';
import { overlay } from '../../../ui/keys/overlay.ts';
import { toasts } from '../../../ui/toast-store.ts';
import { useRulesView } from './use-rules.ts';

export interface Undo {
  /** The change that `undo` is about; undefined: there is none. */
  readonly last: RulesStep | undefined;
  /** The undone change that `redo` is about; undefined: there is none. */
  readonly undone: RulesStep | undefined;
  /** Undoes a change made on this page at once. One that was made elsewhere is shown first, with its author. */
  readonly undo: () => void;
  /** Does the undone change again, or shows it first if it was not undone on this page. */
  readonly redo: () => void;
  /** Without a question. Nothing is changed if `step` is no longer the last one by then. */
  readonly undoStep: (step: RulesStep) => Promise<void>;
  readonly redoStep: (step: RulesStep) => Promise<void>;
}

/** Undo and redo of rules: the same for the key, the button and the message. */
export function useUndo(): Undo {
  const { ask, store } = useLive();
  const snapshot = useRulesView()?.snapshot;
  const last = snapshot?.last_change;
  const undone = snapshot?.undone;
  return useMemo(() => {
    const tell = (answer: RulesAnswer<'undo' | 'redo'>, text: string, offer: 'undo' | 'redo') => {
      if (!answer.ok) return toasts.show({ text: asSentence(answer.error.message), tone: 'problem' });
      const { revision } = answer.value;
      store.rules.made(revision);
      toasts.show({ text, tone: 'done', offer: { what: offer, revision } });
    };
    const undoStep = async ({ id, what }: RulesStep) =>
      tell(await ask('undo', { change: id }), `Undone: ${what}.`, 'redo');
    const redoStep = async ({ id, what }: RulesStep) =>
      tell(await ask('redo', { change: id }), `Redone: ${what}.`, 'undo');
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
