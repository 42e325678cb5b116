'use client';

import type { RuleChanges, RuleDraft, RulesAnswer, RulesError, RulesRequest } from '@packetlog/common';
import { useMemo } from 'react';
import { lazyWithRetry } from '../../../node/lazy-with-retry.ts';
import { useLive, useSnapshot } from '../../../node/live-context.tsx';
import type { RulesView } from '../../../node/state/rules-state.ts';
import { counted } from '../../../text/number.ts';
import { toasts } from '../../../ui/toast-store.ts';

/** What applies a change that was rejected: `lockout` and `untried`. */
export type Overrides = Pick<RulesRequest<'edit'>, 'force' | 'now'>;

/** Requests that change the rules. Each reports success in a message that offers undo. */
export interface RuleActions {
  readonly add: (rule: RuleDraft, done: string, force?: boolean) => Promise<RulesError | null>;
  /** Adds all of them, or none. */
  readonly addAll: (rules: readonly RuleDraft[], done: string) => Promise<RulesError | null>;
  readonly edit: (id: number, changes: RuleChanges, overrides?: Overrides) => Promise<RulesError | null>;
  readonly remove: (ids: readonly number[], force?: boolean) => Promise<RulesError | null>;
  readonly setPolicy: (
    policy: 'permit' | 'deny',
    rest: Omit<RulesRequest<'policy'>, 'default_policy'>,
  ) => Promise<RulesError | null>;
  readonly confirm: () => Promise<void>;
  readonly revert: () => Promise<void>;
}

export function useRulesView(): RulesView | null {
  return useSnapshot(({ rules }) => rules);
}

/** Returns whether this connection may change rules, as the loader reported when it opened. */
export function useMayChange(): boolean {
  return useSnapshot(({ figures }) => figures.hello?.admin === true);
}

export function useRuleActions(): RuleActions {
  const { ask, store } = useLive();
  return useMemo(() => {
    const showDone = (text: string, revision?: number) => {
      if (revision !== undefined) store.rules.made(revision);
      toasts.show({ text, tone: 'done', ...(revision !== undefined && { offer: { what: 'undo', revision } }) });
    };
    const showProblem = async (error: RulesError) => {
      // These texts are not part of the first load.
      const { rejectionText } = await lazyWithRetry(() => import('./rejection-text.ts'));
      const { title, sentence } = rejectionText(error);
      toasts.show({ text: `${title} ${sentence}`, tone: 'problem' });
    };
    const showResult = async (answer: { ok: true } | { ok: false; error: RulesError }, done: string) =>
      answer.ok ? showDone(done) : await showProblem(answer.error);
    /** Reports success with undo, or returns the error. */
    const errorOf = (answer: RulesAnswer<'add' | 'add_many' | 'edit' | 'remove' | 'policy'>, done: string) => {
      if (!answer.ok) return answer.error;
      showDone(done, answer.value.revision);
      return null;
    };

    return {
      add: async (rule, done, force = false) => errorOf(await ask('add', { rule, force }), done),
      addAll: async (rules, done) => errorOf(await ask('add_many', { rules: [...rules] }), done),
      edit: async (id, changes, overrides) =>
        errorOf(await ask('edit', { id, changes, ...overrides }), `Rule ${id} was changed.`),
      remove: async (ids, force = false) =>
        errorOf(
          await ask('remove', { ids: [...ids], force }),
          ids.length === 1 ? `Rule ${ids[0]} was removed.` : `${counted(ids.length, 'rule')} were removed.`,
        ),
      setPolicy: async (policy, rest) =>
        errorOf(await ask('policy', { default_policy: policy, ...rest }), `Default policy: ${policy}.`),
      confirm: async () => showResult(await ask('confirm', {}), 'Confirmed: the change stays in force.'),
      revert: async () => showResult(await ask('revert', {}), 'Reverted.'),
    };
  }, [ask, store]);
}
