'use client';

import { type Finding, findingEvidence, findingText } from '@packetlog/common';
import dynamic from 'next/dynamic';
import { usePathname, useRouter } from 'next/navigation';
import { useState } from 'react';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { useLive } from '../../node/live-context.tsx';
import { useRecorder } from '../../node/recorded/use-recorder.ts';
import { agoText, spanText } from '../../text/clock.ts';
import { loadRuleForm, useMayChange } from '../rules/index.ts';
import './findings.css';

const RuleFormSheet = dynamic(() => lazyWithRetry(loadRuleForm).then(({ RuleFormSheet }) => RuleFormSheet), {
  ssr: false,
});

const LIVE_PAGE = '/';
/** Before and after the packets of a finding that is over. */
const MARGIN_MS = 2000;

/** A finding: its line shows its packets, and one button denies the source, or shows the packets. */
export function FindingRow({ finding, node, now }: { finding: Finding; node: string; now: number }) {
  const { filter, range } = useLive();
  const isRecorded = useRecorder() === 'on';
  const mayChange = useMayChange();
  const router = useRouter();
  const isOnLive = usePathname() === LIVE_PAGE;
  const [isDenying, setDenying] = useState(false);
  const { closed_at_ms, first_at_ms, last_at_ms, rule } = finding;
  const isOpen = closed_at_ms === undefined;
  const showPackets = () => {
    filter.apply(finding.filter);
    const span = { fromMs: first_at_ms - MARGIN_MS, toMs: last_at_ms + MARGIN_MS };
    range.show(isOpen || !isRecorded ? null : span);
    if (!isOnLive) router.push(LIVE_PAGE);
  };
  const text = findingText(finding);
  const mayDeny = rule !== undefined && mayChange && node === '';
  return (
    <li className="finding" data-kind={finding.kind} data-open={isOpen} data-testid="finding">
      <FindingMark isOpen={isOpen} />
      <button type="button" className="finding-text" title="Show only these packets" onClick={showPackets}>
        {node !== '' && <span className="text-muted">{node}: </span>}
        {text}
      </button>
      <p className="finding-note text-muted">
        {isOpen ? `Open for ${spanText(now - finding.opened_at_ms)}. ` : `Over, ${agoText(now - closed_at_ms)}. `}
        {findingEvidence(finding)}
      </p>
      {mayDeny ? (
        <button
          type="button"
          className={`button ${isOpen ? 'button-danger' : ''}`}
          aria-label={`Deny source ${rule.source}…`}
          aria-haspopup="dialog"
          onClick={() => setDenying(true)}
        >
          Deny source…
        </button>
      ) : (
        <button type="button" className="button" aria-label={`Show packets: ${text}`} onClick={showPackets}>
          Show packets
        </button>
      )}
      {isDenying && rule !== undefined && (
        <RuleFormSheet
          filled={{ action: 'deny', source: rule.source, reason: rule.reason }}
          onClose={() => setDenying(false)}
        />
      )}
    </li>
  );
}

/** Filled while the finding is open; the shape says so without the colour. */
function FindingMark({ isOpen }: { isOpen: boolean }) {
  return (
    <svg
      width="10"
      height="10"
      viewBox="0 0 10 10"
      role="img"
      aria-label={isOpen ? 'open' : 'over'}
      className={`finding-mark ${isOpen ? 'text-deny' : 'text-faint'}`}
    >
      {isOpen ? (
        <path d="M5 .5 9.8 9.3H.2z" fill="currentColor" />
      ) : (
        <path d="M5 1.5 9 9H1z" fill="none" stroke="currentColor" />
      )}
    </svg>
  );
}
