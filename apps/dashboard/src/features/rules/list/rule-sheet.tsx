'use client';

import { hasPacketCondition, packetConditionText } from '@packetlog/common';
import type { ReactNode } from 'react';
import { useLive, useSnapshot } from '../../../node/live-context.tsx';
import type { ListedRule } from '../../../node/state/rules-state.ts';
import { DOES, RULE_VERDICT } from '../../../text/action-text.ts';
import { agoText, clockText } from '../../../text/clock.ts';
import { limitPart } from '../../../text/limit-part.ts';
import { ABSENT, formatBytes, formatCompact } from '../../../text/number.ts';
import { effectSentence, expiryText, matchParts, timeLeft } from '../../../text/rule-text.ts';
import { Count, Measure } from '../../../ui/count.tsx';
import { VerdictMark } from '../../../ui/marks.tsx';
import { Sheet } from '../../../ui/sheet.tsx';
import { Sparkline } from '../../../ui/sparkline.tsx';
import { useMayChange } from '../change/use-rules.ts';
import './rule-sheet.css';

/** Shows all fields and counters of one rule. */
export function RuleSheet({
  rule,
  onEdit,
  onRemove,
  onClose,
}: {
  rule: ListedRule;
  onEdit: () => void;
  onRemove: () => void;
  onClose: () => void;
}) {
  const { store } = useLive();
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000) * 1000);
  useSnapshot(({ rules }) => rules?.interval);
  const mayChange = useMayChange();
  const count = store.rules.counted(rule.id);
  const match = matchParts(rule);
  return (
    <Sheet
      title={
        <span className="flex items-center gap-2">
          <VerdictMark verdict={RULE_VERDICT[rule.action]} />
          Rule <span className="font-mono">{rule.id}</span>
        </span>
      }
      note={effectSentence(rule, timeLeft(rule, now), DOES, packetConditionText(rule) + limitPart(rule))}
      onClose={onClose}
    >
      <div className="sheet-body">
        <div className="rule-figures">
          <Figure label={rule.action === 'limit' ? 'packets seen' : 'packets'}>
            <Count value={count.packets} />
          </Figure>
          {rule.action === 'limit' && (
            <Figure label={rule.enforce === true ? 'over, denied' : 'over, would deny'}>
              <Count value={count.overPackets} />
            </Figure>
          )}
          <Figure label="bytes">
            <Measure quantity={formatBytes(count.bytes)} exact={count.bytes} per="" />
          </Figure>
          <Figure label="rate, last second">
            <Measure quantity={formatCompact(count.perSecond)} exact={count.perSecond} per="/s" />
          </Figure>
          <Figure label="last hit">{count.lastSeenMs === null ? 'never' : agoText(now - count.lastSeenMs)}</Figure>
        </div>
        <div>
          <p className="field-label">Packets in each of the last 60 seconds</p>
          <Sparkline values={store.rules.history(rule.id)} action={rule.action} width={400} height={48} />
        </div>
        <dl className="facts">
          <Fact term="Source" mono>
            {match.kind === 'set' ? `set ${match.source}` : match.source}
          </Fact>
          <Fact term="Service" mono>
            {match.service || 'any'}
          </Fact>
          <Fact term="Interface" mono>
            {match.interface || 'any'}
          </Fact>
          {hasPacketCondition(rule) && (
            <Fact term="Conditions" mono>
              {packetConditionText(rule).slice(2)}
            </Fact>
          )}
          <Fact term="Reason">{rule.reason || ABSENT}</Fact>
          {rule.group !== undefined && (
            <Fact term="Fleet">{`Group ${rule.group}. The hub sets this rule: a change here is drift.`}</Fact>
          )}
          <Fact term="Added by">
            {rule.created_by}, {dateText(rule.created_at)}
          </Fact>
          <Fact term="Expires">
            {rule.expires_at === undefined ? 'no expiry' : `${expiryText(rule, now)}, ${dateText(rule.expires_at)}`}
          </Fact>
        </dl>
      </div>
      {mayChange && (
        <footer className="sheet-foot">
          <button type="button" className="button button-danger" onClick={onRemove}>
            Remove
          </button>
          <button type="button" className="button push" onClick={onEdit}>
            Edit…
          </button>
        </footer>
      )}
    </Sheet>
  );
}

function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <p className="field-label">{label}</p>
      <p className="font-mono">{children}</p>
    </div>
  );
}

function Fact({ term, mono = false, children }: { term: string; mono?: boolean; children: ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd className={mono ? 'font-mono' : ''}>{children}</dd>
    </div>
  );
}

function dateText(iso: string): string {
  const date = new Date(iso);
  const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' }).format(date);
  return `${day}, ${clockText(date.getTime())}`;
}
