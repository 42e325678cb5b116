'use client';

import { type PendingChange, packetConditionText } from '@packetlog/common';
import { Pencil, Trash2 } from 'lucide-react';
import { useLive, useSnapshot } from '../../../node/live-context.tsx';
import type { ListedRule } from '../../../node/state/rules-state.ts';
import { DOES } from '../../../text/action-text.ts';
import { limitPart } from '../../../text/limit-part.ts';
import { formatCount } from '../../../text/number.ts';
import { ruleAddress } from '../../../text/rule-address.ts';
import { effectSentence, timeLeft } from '../../../text/rule-text.ts';
import { Count } from '../../../ui/count.tsx';
import { VerdictMark } from '../../../ui/marks.tsx';
import { PageLink } from '../../../ui/page-link.tsx';
import { BucketLevels } from './bucket-levels.tsx';
import { LIMIT_STATE_TEXT, limitState } from './limit-state.ts';
import type { LimitLevel } from './use-limit-levels.ts';

export interface LimitActions {
  readonly onEnforce: (id: number) => void;
  readonly onObserve: (id: number) => void;
  readonly onEdit: (id: number) => void;
  readonly onRemove: (id: number) => void;
}

/** A limit: what it does, what it saw, its fullest buckets. `actions`: absent for a read-only connection. */
export function LimitRow({
  rule,
  pending,
  levels,
  actions,
}: {
  rule: ListedRule;
  pending?: PendingChange | undefined;
  levels?: LimitLevel | undefined;
  actions?: LimitActions | undefined;
}) {
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000) * 1000);
  const { id } = rule;
  const state = limitState(rule, pending);
  const { word, meaning, verdict } = LIMIT_STATE_TEXT[state];
  // The state has its own words.
  const does = packetConditionText(rule) + limitPart({ ...rule, enforce: true });
  const sentence = effectSentence(rule, timeLeft(rule, now), DOES, does);
  return (
    <li className="limit" data-testid="limit" data-id={id} data-state={state}>
      <p className="limit-state" title={meaning}>
        <VerdictMark verdict={verdict} />
        <span>{word}</span>
      </p>
      <div className="limit-what">
        <p className="limit-sentence">
          <PageLink href={ruleAddress(id)} className="limit-id font-mono" aria-label={`Limit ${id}: show the rule`}>
            {id}
          </PageLink>
          {sentence}
        </p>
        <LimitFigures rule={rule} over={LIMIT_STATE_TEXT[state].over} />
        {levels !== undefined && <BucketLevels rule={id} isEnforced={state !== 'observing'} levels={levels} />}
      </div>
      {actions !== undefined && (
        <div className="limit-tools">
          {state === 'observing' ? (
            <button
              type="button"
              className="button"
              aria-label={`Enforce limit ${id}…`}
              aria-haspopup="dialog"
              onClick={() => actions.onEnforce(id)}
            >
              Enforce…
            </button>
          ) : (
            <button
              type="button"
              className="button"
              aria-label={`Observe with limit ${id}`}
              title="Permit and mark what is over the limit"
              onClick={() => actions.onObserve(id)}
            >
              Observe
            </button>
          )}
          <button
            type="button"
            className="button button-icon"
            aria-label={`Edit limit ${id}`}
            title="Edit"
            onClick={() => actions.onEdit(id)}
          >
            <Pencil size={13} aria-hidden="true" />
          </button>
          <button
            type="button"
            className="button button-icon"
            aria-label={`Remove limit ${id}`}
            title="Remove"
            onClick={() => actions.onRemove(id)}
          >
            <Trash2 size={13} aria-hidden="true" />
          </button>
        </div>
      )}
    </li>
  );
}

/** What the limit saw, and what was over it: since it was added, and within the last minute. */
function LimitFigures({ rule: { id }, over }: { rule: ListedRule; over: string }) {
  const { store } = useLive();
  useSnapshot(({ rules }) => rules?.interval);
  const { packets, overPackets, overLately } = store.rules.counted(id);
  return (
    <dl className="limit-figures">
      <div>
        <dt>packets seen</dt>
        <dd>
          <Count value={packets} testId="limit-seen" />
        </dd>
      </div>
      <div data-some={overPackets > 0}>
        <dt>{over}</dt>
        <dd>
          <Count value={overPackets} testId="limit-over" />
        </dd>
      </div>
      <div data-some={overLately > 0}>
        <dt>over lately</dt>
        <dd title={`${formatCount(overLately)} packets within the last minute, or since this page was opened`}>
          <Count value={overLately} />
        </dd>
      </div>
    </dl>
  );
}
