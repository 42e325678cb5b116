'use client';

import type { RulesError } from '@packetlog/common';
import { Plus } from 'lucide-react';
import dynamic from 'next/dynamic';
import { useState } from 'react';
import { lazyWithRetry } from '../../../node/lazy-with-retry.ts';
import type { RulesView } from '../../../node/state/rules-state.ts';
import { useKeys } from '../../../ui/keys/keys.ts';
import {
  type FilledFields,
  loadEnforceSheet,
  loadLockoutSheet,
  loadRuleForm,
  useMayChange,
  useRuleActions,
} from '../../rules/index.ts';
import { Section } from '../frame/section.tsx';
import { FirstLimit } from './first-limit.tsx';
import { type LimitActions, LimitRow } from './limit-row.tsx';
import { limitsText } from './limit-state.ts';
import { PresetsSheet } from './presets-sheet.tsx';
import { useLimitLevels } from './use-limit-levels.ts';
import './limits.css';

const RuleFormSheet = dynamic(() => lazyWithRetry(loadRuleForm).then(({ RuleFormSheet }) => RuleFormSheet), {
  ssr: false,
});
const EnforceSheet = dynamic(() => lazyWithRetry(loadEnforceSheet).then(({ EnforceSheet }) => EnforceSheet), {
  ssr: false,
});
const LockoutSheet = dynamic(() => lazyWithRetry(loadLockoutSheet).then(({ LockoutSheet }) => LockoutSheet), {
  ssr: false,
});

type Open =
  | { readonly what: 'add' | 'presets' }
  | { readonly what: 'edit' | 'enforce'; readonly id: number }
  | { readonly what: 'rejected'; readonly id: number; readonly error: RulesError };

/** A limit that is added here: any source, no expiry. It observes at first. */
const NEW_LIMIT: FilledFields = { action: 'limit', source: 'any', lasts: '' };

/** The limits of a node, with their counts and levels, and what changes them. */
export function Limits({ view }: { view: RulesView }) {
  const mayChange = useMayChange();
  const { edit, remove } = useRuleActions();
  const [open, setOpen] = useState<Open | null>(null);
  const [problem, setProblem] = useState('');
  const { rules, pending } = view.snapshot;
  const limits = rules.filter(({ action }) => action === 'limit');
  const levels = useLimitLevels(limits.length > 0);
  const close = () => setOpen(null);
  const add = () => setOpen({ what: 'add' });
  useKeys(
    'page',
    mayChange ? [{ keys: ['a'], name: 'Add a limit…', group: 'Rules', keywords: 'new rate', run: add }] : [],
  );
  const shown = open !== null && 'id' in open ? limits.find(({ id }) => id === open.id) : undefined;
  const actions: LimitActions = {
    onEnforce: (id) => setOpen({ what: 'enforce', id }),
    onObserve: async (id) => {
      const error = await edit(id, { enforce: null });
      setProblem(error === null ? '' : error.message);
    },
    onEdit: (id) => setOpen({ what: 'edit', id }),
    onRemove: async (id) => {
      const error = await remove([id]);
      if (error !== null) setOpen({ what: 'rejected', id, error });
    },
  };
  return (
    <Section
      title="Limits"
      note={limitsText(limits)}
      {...(mayChange &&
        limits.length > 0 && {
          tools: (
            <>
              <button
                type="button"
                className="button"
                aria-haspopup="dialog"
                onClick={() => setOpen({ what: 'presets' })}
              >
                Presets…
              </button>
              <button
                type="button"
                className="button button-primary"
                data-testid="add-limit"
                aria-keyshortcuts="a"
                onClick={add}
              >
                <Plus size={13} aria-hidden="true" />
                <span>Add limit</span>
              </button>
            </>
          ),
        })}
    >
      {limits.length === 0 ? (
        <FirstLimit {...(mayChange && { onAdd: add })} />
      ) : (
        <ol className="limits" aria-label="Limits">
          {limits.map((rule) => (
            <LimitRow
              key={rule.id}
              rule={rule}
              pending={pending}
              levels={levels.ofLimit.get(rule.id)}
              actions={mayChange ? actions : undefined}
            />
          ))}
        </ol>
      )}
      {problem !== '' && (
        <p role="alert" className="field-problem">
          {problem}
        </p>
      )}
      {limits.length > 0 && levels.problem !== '' && (
        <p className="limit-note text-muted">Levels of buckets are not available: {levels.problem}</p>
      )}
      {open?.what === 'add' && <RuleFormSheet filled={NEW_LIMIT} onClose={close} />}
      {open?.what === 'presets' && <PresetsSheet limits={limits} onClose={close} />}
      {open?.what === 'edit' && shown !== undefined && <RuleFormSheet rule={shown} onClose={close} />}
      {open?.what === 'enforce' && shown !== undefined && <EnforceSheet rule={shown} onClose={close} />}
      {open?.what === 'rejected' && <LockoutSheet id={open.id} error={open.error} onClose={close} />}
    </Section>
  );
}
