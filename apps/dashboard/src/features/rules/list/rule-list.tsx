'use client';

import { RULE_ACTIONS } from '@packetlog/common';
import { Search } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useLive } from '../../../node/live-context.tsx';
import type { RulesView } from '../../../node/state/rules-state.ts';
import { RULE_VERDICT } from '../../../text/action-text.ts';
import { formatCount } from '../../../text/number.ts';
import { VerdictMark } from '../../../ui/marks.tsx';
import { countByAction, FIRST_CHOICE, listRules } from './listed-rules.ts';
import { RulesTable } from './rules-table.tsx';

/** The rules table with search and filter by action. */
export function RuleList({
  view,
  onAdd,
  ...tools
}: {
  view: RulesView;
  onAdd?: () => void;
  onOpen: (id: number) => void;
  onEdit: (id: number) => void;
  onRemove: (id: number) => void;
}) {
  const { store } = useLive();
  const [choice, setChoice] = useState(FIRST_CHOICE);
  const { rules } = view.snapshot;
  const byCounters = choice.sort !== 'id' && choice.sort !== 'expires';
  const listed = useMemo(
    () => listRules(rules, choice, (id) => store.rules.counted(id)),
    // Only orders by counter change with each interval.
    [rules, choice, byCounters ? view.interval : 0],
  );
  const counts = useMemo(() => countByAction(rules), [rules]);
  if (rules.length === 0) return <FirstRule {...(onAdd !== undefined && { onAdd })} />;
  return (
    <>
      <div className="list-bar">
        <label className="search">
          <Search size={13} aria-hidden="true" />
          <span className="sr-only">Search the rules</span>
          <input
            type="search"
            placeholder="Search address, reason, author"
            value={choice.search}
            onChange={(event) => setChoice({ ...choice, search: event.target.value })}
          />
        </label>
        <fieldset className="chips">
          <legend className="sr-only">Which actions</legend>
          {(['all', ...RULE_ACTIONS] as const).map((action) => (
            <label key={action} className="chip">
              <input
                type="radio"
                name="list-action"
                className="sr-only"
                checked={choice.action === action}
                onChange={() => setChoice({ ...choice, action })}
              />
              {action !== 'all' && <VerdictMark verdict={RULE_VERDICT[action]} />}
              {action}
              {action !== 'all' && <span className="font-mono text-faint">{formatCount(counts[action])}</span>}
            </label>
          ))}
        </fieldset>
        {listed.length !== rules.length && (
          <p className="text-small text-muted whitespace-nowrap" role="status">
            {formatCount(listed.length)} of {formatCount(rules.length)}
          </p>
        )}
      </div>
      {listed.length === 0 ? (
        <p className="rules-empty">No rule matches this search.</p>
      ) : (
        <RulesTable rules={listed} choice={choice} onChoice={setChoice} {...tools} />
      )}
    </>
  );
}

function FirstRule({ onAdd }: { onAdd?: () => void }) {
  return (
    <div className="rules-empty">
      <p className="text-figure">No rules yet: nothing is denied.</p>
      <p className="mt-2 text-muted">
        A rule permits, denies or observes the packets that match it. Permit wins over deny, and deny over observe.
        Packets that match no rule get the default policy.
      </p>
      {onAdd !== undefined && (
        <button type="button" className="button button-primary mt-4" onClick={onAdd}>
          Add the first rule
        </button>
      )}
    </div>
  );
}
