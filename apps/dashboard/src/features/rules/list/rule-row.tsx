// biome-ignore-all lint/a11y/useSemanticElements: windowed rows are positioned absolutely, which table elements do not allow; ARIA roles describe them
// biome-ignore-all lint/a11y/useFocusableInteractive: a click in a row does what the button in its first cell does
// biome-ignore-all lint/a11y/useKeyWithClickEvents: as above; the button handles keys
'use client';

import { packetConditionText } from '@packetlog/common';
import { Pencil, Trash2 } from 'lucide-react';
import { memo } from 'react';
import { useLive, useSnapshot } from '../../../node/live-context.tsx';
import type { ListedRule } from '../../../node/state/rules-state.ts';
import { RULE_VERDICT } from '../../../text/action-text.ts';
import { agoText } from '../../../text/clock.ts';
import { limitPart } from '../../../text/limit-part.ts';
import { ABSENT, formatBytes, formatCompact, formatCount, quantityText } from '../../../text/number.ts';
import { expiryText, matchParts, matchText, timeLeft } from '../../../text/rule-text.ts';
import { VerdictMark } from '../../../ui/marks.tsx';
import { Sparkline } from '../../../ui/sparkline.tsx';
import { useMayChange } from '../change/use-rules.ts';

/** Expiry below this is highlighted. */
const SOON_MS = 60_000;

/** Memoized: rows that stay visible are not rendered again while scrolling. */
export const RuleRow = memo(function RuleRow({
  rule,
  top,
  position,
  onOpen,
  onEdit,
  onRemove,
}: {
  rule: ListedRule;
  top: number;
  position: number;
  onOpen: (id: number) => void;
  onEdit: (id: number) => void;
  onRemove: (id: number) => void;
}) {
  const { store } = useLive();
  const mayChange = useMayChange();
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000) * 1000);
  useSnapshot(({ rules }) => rules?.interval);
  const { id, action, reason, created_by } = rule;
  const { packets, bytes, overPackets, lastSeenMs, perSecond } = store.rules.counted(id);
  const match = matchParts(rule);
  const conditions = packetConditionText(rule);
  const isObserving = action === 'limit' && rule.enforce !== true;
  const left = timeLeft(rule, now);
  const expiry = expiryText(rule, now);
  return (
    <div
      role="row"
      aria-rowindex={position}
      className="rule-line"
      data-testid="rule-row"
      data-id={id}
      data-action={action}
      style={{ top }}
      onClick={() => onOpen(id)}
    >
      <span role="cell" className="rule-id">
        <button
          type="button"
          className="rule-open"
          aria-label={`Rule ${id}: ${action} ${matchText(rule)}${conditions}`}
          onClick={(event) => {
            event.stopPropagation();
            onOpen(id);
          }}
        >
          {id}
        </button>
      </span>
      <span role="cell" className="rule-action">
        <VerdictMark verdict={isObserving ? 'would_deny' : RULE_VERDICT[action]} />
        <span className="rule-action-word">{isObserving ? 'observing' : action}</span>
      </span>
      <span role="cell" className="rule-match" title={`${matchText(rule)}${conditions}${limitPart(rule)}`}>
        {match.kind === 'set' && <span className="text-faint">set </span>}
        <span className="rule-source">{match.source}</span>
        {match.service !== '' && <span className="text-muted"> {match.service}</span>}
        {match.interface !== '' && <span className="text-faint"> on {match.interface}</span>}
        {conditions !== '' && <span className="text-muted">{conditions}</span>}
        {action === 'limit' && <span className="text-muted">{limitPart(rule)}</span>}
      </span>
      <span role="cell" className="rule-rate">
        <Sparkline values={store.rules.history(id)} action={action} />
        <span className={perSecond === 0 ? 'text-faint' : ''}>
          {quantityText(formatCompact(perSecond))}
          <span className="unit">/s</span>
        </span>
      </span>
      <span role="cell" className="rule-packets" data-value={packets} title={`${formatCount(packets)} packets`}>
        {action === 'limit' && (
          <span className={overPackets === 0 ? 'text-faint' : ''}>
            {quantityText(formatCompact(overPackets))} over of{' '}
          </span>
        )}
        {packets === 0 ? <span className="text-faint">0</span> : quantityText(formatCompact(packets))}
      </span>
      <span role="cell" className="rule-bytes" data-value={bytes} title={`${formatCount(bytes)} bytes`}>
        {bytes === 0 ? <span className="text-faint">0</span> : quantityText(formatBytes(bytes))}
      </span>
      <span role="cell" className="rule-seen">
        {lastSeenMs === null ? <span className="text-faint">never</span> : agoText(now - lastSeenMs)}
      </span>
      <span role="cell" className={`rule-expires ${left !== null && left < SOON_MS ? 'text-warn' : ''}`}>
        {expiry.startsWith('in ') && <span className="rule-expires-word">expires </span>}
        {left === null ? <span className="text-faint">no expiry</span> : expiry}
      </span>
      <span role="cell" className="rule-reason" title={reason}>
        <Reason rule={rule} />
      </span>
      <span role="cell" className="rule-by" title={created_by}>
        {created_by}
      </span>
      <span role="cell" className="rule-tools">
        {mayChange && (
          <>
            <button
              type="button"
              className="button button-icon"
              aria-label={`Edit rule ${id}`}
              title="Edit"
              onClick={(event) => {
                event.stopPropagation();
                onEdit(id);
              }}
            >
              <Pencil size={13} aria-hidden="true" />
            </button>
            <button
              type="button"
              className="button button-icon"
              aria-label={`Remove rule ${id}`}
              title="Remove"
              data-testid="remove-rule"
              onClick={(event) => {
                event.stopPropagation();
                onRemove(id);
              }}
            >
              <Trash2 size={13} aria-hidden="true" />
            </button>
          </>
        )}
      </span>
    </div>
  );
});

/** Why the rule exists, after a mark if a generation of the fleet has it. */
function Reason({ rule: { group, reason } }: { rule: ListedRule }) {
  if (group === undefined) return reason === '' ? <span className="text-faint">{ABSENT}</span> : reason;
  return (
    <>
      <span className="rule-fleet">fleet: {group}</span> {reason}
    </>
  );
}
