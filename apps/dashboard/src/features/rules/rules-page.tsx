'use client';

import type { RulesError } from '@packetlog/common';
import { useEffect, useState } from 'react';
import { useSnapshot } from '../../node/live-context.tsx';
import { ALL_NODES } from '../../node/nodes.ts';
import { useNodes } from '../../node/use-nodes.ts';
import { formatCount } from '../../text/number.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import { Tabs } from '../../ui/tabs.tsx';
import { ADD_RULE } from './change/add-rule.ts';
import { LockoutSheet } from './change/lockout-sheet.tsx';
import { useMayChange, useRuleActions, useRulesView } from './change/use-rules.ts';
import { Changes } from './changes.tsx';
import { ImportSheet } from './form/import-sheet.tsx';
import { PolicySheet } from './form/policy-sheet.tsx';
import { RuleFormSheet } from './form/rule-form-sheet.tsx';
import { RuleList } from './list/rule-list.tsx';
import { RuleSheet } from './list/rule-sheet.tsx';
import { PerNodeNotice } from './per-node-notice.tsx';
import { RulesAlarms } from './rules-alarms.tsx';
import { RulesHead } from './rules-head.tsx';
import './rules-page.css';
import { Sets } from './sets.tsx';

type Open =
  | { readonly what: 'add' | 'import' | 'policy' }
  | { readonly what: 'rule' | 'edit'; readonly id: number }
  | { readonly what: 'rejected'; readonly id: number; readonly error: RulesError };

const IMPORT = { keys: [], name: 'Import a list of networks…', group: 'Rules', keywords: 'set file' } as const;
const POLICY = { keys: [], name: 'Change the default policy…', group: 'Rules', keywords: 'policy default' } as const;

/** The Rules page: rules, sets, changes, and the sheets to edit them. */
export function RulesPage() {
  const view = useRulesView();
  const old = useSnapshot(({ connection }) => connection.state !== 'live');
  const mayChange = useMayChange();
  const { remove } = useRuleActions();
  const [open, setOpen] = useState<Open | null>(null);
  useLinkedRule((id) => setOpen(id === null ? { what: 'add' } : { what: 'rule', id }));
  useKeys(
    'page',
    mayChange && view !== null
      ? [
          { ...ADD_RULE, run: () => setOpen({ what: 'add' }) },
          { ...IMPORT, run: () => setOpen({ what: 'import' }) },
          { ...POLICY, run: () => setOpen({ what: 'policy' }) },
        ]
      : [],
  );
  const { shown: node } = useNodes();
  if (node === ALL_NODES) return <PerNodeNotice />;
  if (view === null) return <NoRules />;
  const { rules, sets, default_policy } = view.snapshot;
  const close = () => setOpen(null);
  const show = (id: number) => setOpen({ what: 'rule', id });
  const removeRule = async (id: number) => {
    const error = await remove([id]);
    setOpen(error === null ? null : { what: 'rejected', id, error });
  };
  const ruleOf = (id: number) => rules.find((rule) => rule.id === id);
  const shown = open !== null && 'id' in open ? ruleOf(open.id) : undefined;
  return (
    <main id="content" className="rules-page" data-old={old}>
      <RulesHead
        snapshot={view.snapshot}
        onAdd={() => setOpen({ what: 'add' })}
        onImport={() => setOpen({ what: 'import' })}
        onPolicy={() => setOpen({ what: 'policy' })}
      />
      <RulesAlarms alarms={view.snapshot.alarms} unfiltered={view.snapshot.in_force?.not_filtered} />
      <Tabs
        label="What to show"
        tabs={[
          {
            id: 'rules',
            label: 'Rules',
            note: formatCount(rules.length),
            content: (
              <RuleList
                view={view}
                onOpen={show}
                onEdit={(id) => setOpen({ what: 'edit', id })}
                onRemove={(id) => void removeRule(id)}
                {...(mayChange && { onAdd: () => setOpen({ what: 'add' }) })}
              />
            ),
          },
          {
            id: 'sets',
            label: 'Sets',
            note: formatCount(sets.length),
            content: <Sets sets={sets} rules={rules} onOpen={show} />,
          },
          { id: 'changes', label: 'Changes', content: <Changes /> },
        ]}
      />
      {open?.what === 'add' && <RuleFormSheet onClose={close} />}
      {open?.what === 'import' && <ImportSheet existing={sets.map(({ name }) => name)} onClose={close} />}
      {open?.what === 'policy' && <PolicySheet policy={default_policy} onClose={close} />}
      {open?.what === 'edit' && shown !== undefined && <RuleFormSheet rule={shown} onClose={close} />}
      {open?.what === 'rejected' && <LockoutSheet id={open.id} error={open.error} onClose={close} />}
      {open?.what === 'rule' && shown !== undefined && (
        <RuleSheet
          rule={shown}
          onEdit={() => setOpen({ what: 'edit', id: shown.id })}
          onRemove={() => void removeRule(shown.id)}
          onClose={close}
        />
      )}
    </main>
  );
}

/**
 * Opens the rule in `/rules?rule=12`, or the form for a new one with `?add`, once, and removes the query from the
 * address.
 */
function useLinkedRule(show: (id: number | null) => void) {
  useEffect(() => {
    const params = new URLSearchParams(location.search);
    const id = Number(params.get('rule'));
    const linked = Number.isInteger(id) && id > 0;
    if (!linked && !params.has('add')) return;
    history.replaceState(history.state, '', location.pathname + location.hash);
    show(linked ? id : null);
  }, []);
}

function NoRules() {
  const live = useSnapshot(({ connection }) => connection.state === 'live');
  return (
    <main id="content" className="rules-page">
      <p className="rules-empty">
        {live ? 'This loader enforces no rules: it only observes.' : 'Waiting for the rules.'}
      </p>
    </main>
  );
}
