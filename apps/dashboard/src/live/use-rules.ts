'use client';

import type { RuleChanges, RuleDraft, RulesAnswer, RulesError, RulesResults } from '@packetlog/common';
import { useMemo } from 'react';
import { counted } from '../lib/number.ts';
import { refusalWords } from '../lib/rules/refusal-words.ts';
import type { RulesView } from '../lib/rules/rule-book.ts';
import { useLive, useSnapshot } from './live-context.tsx';

/** What can be done to the rules, each with its word afterwards and the way back. */
export interface RuleActions {
  readonly add: (rule: RuleDraft, done: string, force?: boolean) => Promise<RulesError | null>;
  readonly edit: (id: number, changes: RuleChanges, force?: boolean) => Promise<RulesError | null>;
  readonly remove: (ids: readonly number[], force?: boolean) => Promise<RulesError | null>;
  readonly setPolicy: (policy: 'permit' | 'deny', force?: boolean) => Promise<RulesError | null>;
  readonly confirm: () => Promise<void>;
  readonly revert: () => Promise<void>;
  /** The last change, whoever made it. */
  readonly undoLast: () => Promise<void>;
}

export function useRulesView(): RulesView | null {
  return useSnapshot(({ rules }) => rules);
}

/** Whether this page may change rules; the loader says so when the connection opens. */
export function useMayChange(): boolean {
  return useSnapshot(({ figures }) => figures.hello?.admin === true);
}

export function useRuleActions(): RuleActions {
  const { ask, store, toasts } = useLive();
  return useMemo(() => {
    const say = (text: string, undo?: () => void) =>
      toasts.show({ text, tone: 'done', ...(undo !== undefined && { undo }) });
    const complain = (error: RulesError) => {
      const { title, sentence } = refusalWords(error);
      toasts.show({ text: `${title} ${sentence}`, tone: 'problem' });
    };
    const orComplain = <T>(
      answer: { ok: true; value: T } | { ok: false; error: RulesError },
      done: (value: T) => string,
    ) => (answer.ok ? say(done(answer.value)) : complain(answer.error));
    const orError = (answer: RulesAnswer<'add' | 'edit' | 'remove' | 'policy'>) => (answer.ok ? null : answer.error);

    const undoLast = async () => orComplain(await ask('undo', {}), ({ undone }) => `Taken back: ${undone}`);
    /** Only if nothing was changed since: "undo" means the change that the toast is about. */
    const undoIfLast = (revision: number) => () => {
      if (store.rules.view?.snapshot.revision === revision) return void undoLast();
      toasts.show({ text: 'Not taken back: the rules were changed once more since. See Changes.', tone: 'problem' });
    };
    const removeAgain =
      ({ rule }: RulesResults['add']) =>
      async () =>
        orComplain(await ask('remove', { ids: [rule.id] }), () => `Taken back: rule ${rule.id} is removed.`);

    return {
      undoLast,
      add: async (rule, done, force = false) => {
        const answer = await ask('add', { rule, force });
        if (answer.ok) say(done, () => void removeAgain(answer.value)());
        return orError(answer);
      },
      edit: async (id, changes, force = false) => {
        const answer = await ask('edit', { id, changes, force });
        if (answer.ok) say(`Rule ${id} is changed.`, undoIfLast(answer.value.revision));
        return orError(answer);
      },
      remove: async (ids, force = false) => {
        const answer = await ask('remove', { ids: [...ids], force });
        if (answer.ok) {
          const text = ids.length === 1 ? `Rule ${ids[0]} is removed.` : `${counted(ids.length, 'rule')} are removed.`;
          say(text, undoIfLast(answer.value.revision));
        }
        return orError(answer);
      },
      setPolicy: async (policy, force = false) => {
        const answer = await ask('policy', { default_policy: policy, force });
        if (answer.ok)
          say(
            `What no rule matches is now ${policy === 'deny' ? 'refused' : 'let in'}.`,
            undoIfLast(answer.value.revision),
          );
        return orError(answer);
      },
      confirm: async () => orComplain(await ask('confirm', {}), () => 'Confirmed: it stays.'),
      revert: async () => orComplain(await ask('revert', {}), () => 'Taken back.'),
    };
  }, [ask, store, toasts]);
}
