'use client';

import { type Decision, ordinal, ruleSentence } from '@packetlog/common';
import { useRouter } from 'next/navigation';
import { type ReactNode, useEffect, useState } from 'react';
import { useLive, useSnapshot } from '../../../node/live-context.tsx';
import { useRecorder } from '../../../node/recorded/use-recorder.ts';
import { momentText } from '../../../text/calendar-text.ts';
import { spanText } from '../../../text/clock.ts';
import { counted, formatCount } from '../../../text/number.ts';
import { asSentence } from '../../../text/sentence.ts';
import { VerdictMark } from '../../../ui/marks.tsx';
import { Sheet } from '../../../ui/sheet.tsx';
import { useMayChange } from '../../rules/index.ts';
import { DecisionSamples } from './decision-samples.tsx';
import { DECISION_TEXT, decisionSentence } from './decision-text.ts';
import { Guards } from './guards.tsx';
import { useUndoBans } from './use-undo-bans.ts';
import './decision-sheet.css';

/** Before and after the decision, where its packets are shown. */
const MARGIN_MS = 60_000;

/** Explains a decision: its evidence, and what every guard said. `known`: the decision, where the page has it. */
export function DecisionSheet({
  id,
  known,
  isInForce,
  onClose,
}: {
  id: number;
  known: Decision | undefined;
  /** Whether its ban can be undone. */
  isInForce: boolean;
  onClose: () => void;
}) {
  const { askDefence } = useLive();
  const [asked, setAsked] = useState<Decision | null>(null);
  const [problem, setProblem] = useState('');
  const isMissing = known === undefined;
  useEffect(() => {
    if (!isMissing) return;
    let isOver = false;
    void askDefence('bans:decisions', { id }).then((answer) => {
      if (isOver) return;
      const [found] = answer.ok ? answer.value.decisions : [];
      setAsked(found ?? null);
      if (found === undefined)
        setProblem(answer.ok ? 'It is not stored: decisions are kept for 90 days.' : answer.error.message);
    });
    return () => {
      isOver = true;
    };
  }, [askDefence, id, isMissing]);
  const decision = known ?? asked;
  if (decision === null) {
    return (
      <Sheet title={`Decision ${id}`} onClose={onClose}>
        <div className="sheet-body">
          <p role="status">{problem === '' ? 'Loading…' : asSentence(problem)}</p>
        </div>
      </Sheet>
    );
  }
  return <DecisionDetails decision={decision} isInForce={isInForce} onClose={onClose} />;
}

function DecisionDetails({
  decision,
  isInForce,
  onClose,
}: {
  decision: Decision;
  isInForce: boolean;
  onClose: () => void;
}) {
  const { id, kind, source, guards, samples } = decision;
  const { word, verdict } = DECISION_TEXT[kind];
  const mayChange = useMayChange();
  const undo = useUndoBans();
  const showPackets = useShowPackets(decision);
  const undoWith = (never: boolean) => {
    void undo(never ? { id, never } : { id });
    onClose();
  };
  return (
    <Sheet
      title={
        <span className="flex items-center gap-2">
          <VerdictMark verdict={verdict} />
          {word}: <span className="font-mono">{source}</span>
        </span>
      }
      note={decisionSentence(decision)}
      onClose={onClose}
    >
      <div className="sheet-body" data-testid="decision-sheet" data-kind={kind}>
        <DecisionFacts decision={decision} />
        {decision.is_sampled === true && (
          <p className="field-hint">
            Records were sampled or lost: attempts, ports and samples are incomplete. Verified connections are exact.
          </p>
        )}
        <Guards guards={guards} />
        <DecisionSamples samples={samples} />
      </div>
      <footer className="sheet-foot">
        <button type="button" className="button" onClick={showPackets}>
          Show packets
        </button>
        {mayChange && isInForce && (
          <>
            <button type="button" className="button push" onClick={() => undoWith(true)}>
              Undo and permit
            </button>
            <button type="button" className="button button-primary" onClick={() => undoWith(false)}>
              Undo
            </button>
          </>
        )}
      </footer>
    </Sheet>
  );
}

function DecisionFacts({ decision }: { decision: Decision }) {
  const minute = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 60_000) * 60_000);
  const { id, at_ms, rule, attempts, connections, ports, strike, duration_ms, ends_at_ms, undone } = decision;
  const n = formatCount;
  return (
    <dl className="facts decision-facts">
      <Fact name="Decision">
        <span className="font-mono">{id}</span>, {momentText(at_ms, minute)}
      </Fact>
      <Fact name="Limit">
        <span className="font-mono">{rule.id}</span>, as it was: {ruleSentence({ ...rule, reason: '' }, at_ms)}
      </Fact>
      <Fact name="Attempts">
        {n(attempts.in_1_s)} in 1 s, {n(attempts.in_10_s)} in 10 s, {n(attempts.in_60_s)} in 60 s
      </Fact>
      <Fact name="Verified">{counted(connections, 'connection')} of the source, by the kernel</Fact>
      <Fact name="Ports">
        <span className="font-mono">{ports.length === 0 ? 'none' : ports.join(', ')}</span>
      </Fact>
      <Fact name="Ban">
        {ordinal(strike)} within 7 days: for {spanText(duration_ms)}
      </Fact>
      {ends_at_ms !== undefined && <Fact name="End">{momentText(ends_at_ms, minute)}</Fact>}
      {undone !== undefined && (
        <Fact name="Undone">
          {momentText(undone.at_ms, minute)}, by {undone.by}
          {undone.permit_rule !== undefined && `; rule ${undone.permit_rule} permits the source`}
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Returns a function that shows the packets of the source on the Live page, around the decision where they are recorded. */
function useShowPackets({ source, at_ms }: Decision): () => void {
  const { filter, range } = useLive();
  const isRecorded = useRecorder() === 'on';
  const router = useRouter();
  return () => {
    filter.apply(source.includes('/') ? `src net ${source}` : `src ${source}`);
    range.show(isRecorded ? { fromMs: at_ms - MARGIN_MS, toMs: at_ms + MARGIN_MS } : null);
    router.push('/');
  };
}
