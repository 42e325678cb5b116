'use client';

import { useState } from 'react';
import { useLive } from '../../../node/live-context.tsx';
import { useOldestRecorded, useShownRange } from '../../../node/recorded/use-recorder.ts';
import { rangeText } from '../../../text/calendar-text.ts';
import { NO_FILTER, shortFilter } from '../../../text/filter-text.ts';
import { Segments } from '../../../ui/segments.tsx';
import { Sheet } from '../../../ui/sheet.tsx';
import { pastSpans } from '../dry-run/past-dry-run-text.ts';
import { Volumes } from '../dry-run/volumes.tsx';
import { networkOf } from '../form/deny-choice.ts';
import { kindRows, learnedCoverage, learnedSummary, packetsOf, type SourceChoice } from './learn-text.ts';
import { PendingNotice } from './pending-notice.tsx';
import { ProposedRules } from './proposed-rules.tsx';
import { useLearned } from './use-learned.ts';
import './learn.css';

const MAX_KINDS = 12;
/** Characters of a filter that fit beside its label on a phone. */
const MAX_FILTER = 36;

/**
 * Proposes rules that deny what only some sources sent: the source of the selected packet, its network, or the sources
 * of the filter's packets. `addr`: of the selected packet, or null. Nothing is changed.
 */
export function LearnSheet({ addr, filter, onClose }: { addr: string | null; filter: string; onClose: () => void }) {
  const { store } = useLive();
  const [shown, oldest] = [useShownRange(), useOldestRecorded()];
  // Fixed, so that the proposal and its dry run are about the same packets.
  const [choices] = useState(() => choicesOf(addr, filter));
  const [now] = useState(() => store.getSnapshot().figures.wallMs);
  const [spans] = useState(() => pastSpans(now, oldest, shown));
  const [chosen, setChosen] = useState(0);
  const [at, setAt] = useState(0);
  const choice = choices[chosen];
  const span = spans[at]?.span;
  if (choice === undefined || span === undefined) return null;
  return (
    <Sheet
      title="Propose rules from these sources"
      note="Rules that would have denied what only these sources sent. Nothing is changed until you add one."
      onClose={onClose}
    >
      <PendingNotice />
      <div className="sheet-body">
        <Segments
          label="Sources"
          segments={choices.map(({ label, title }, i) => ({ value: String(i), label, title }))}
          value={String(chosen)}
          onChange={(value) => setChosen(Number(value))}
        />
        <div>
          <Segments
            label="Recorded packets of"
            segments={spans.map(({ label }, i) => ({ value: String(i), label }))}
            value={String(at)}
            onChange={(value) => setAt(Number(value))}
          />
          <p className="field-hint">{rangeText(span, now)}</p>
        </div>
        <Learned choice={choice} span={span} />
      </div>
      <footer className="sheet-foot">
        <button type="button" className="button push" onClick={onClose}>
          Close
        </button>
      </footer>
    </Sheet>
  );
}

function Learned({ choice, span }: { choice: SourceChoice; span: { fromMs: number; toMs: number } }) {
  const state = useLearned(choice, span);
  return (
    <div aria-live="polite">
      {state.at === 'reading' && <p className="field-hint">Reading the recorded packets …</p>}
      {state.at === 'rejected' && <p className="field-problem">No proposal: {state.message}</p>}
      {state.at === 'done' && (
        <div className="learned appear" data-testid="learned" data-packets={packetsOf(state.learned.only)}>
          <div>
            <p className="report-verdict">{learnedSummary(state.learned)}</p>
            <p className="field-hint">{learnedCoverage(state.learned)}</p>
          </div>
          <Volumes
            title="Sent only by these sources"
            total={state.learned.sources.packets}
            rows={kindRows(state.learned.only.entries)}
            maxRows={MAX_KINDS}
          />
          <Volumes
            title="Sent by others, too: a rule for the kind would deny their packets as well"
            total={state.learned.sources.packets}
            rows={kindRows(state.learned.shared.entries)}
            maxRows={MAX_KINDS}
          />
          {state.learned.sources.distinct > 0 && <ProposedRules learned={state.learned} range={state.range} />}
        </div>
      )}
    </div>
  );
}

function choicesOf(addr: string | null, filter: string): readonly SourceChoice[] {
  const ofSources = (source: string): SourceChoice => ({
    label: source,
    title: `Packets from ${source}`,
    request: { sources: [source] },
  });
  return [
    ...(addr === null ? [] : [ofSources(addr), ofSources(networkOf(addr))]),
    ...(filter === NO_FILTER
      ? []
      : [
          {
            label: `sources of ${shortFilter(filter, MAX_FILTER)}`,
            title: `The sources of all packets that match ${filter}`,
            request: { filter },
          },
        ]),
  ];
}
