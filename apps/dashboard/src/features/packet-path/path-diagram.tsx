'use client';

import { clsx } from 'clsx';
import type { ReactNode } from 'react';
import { useSnapshot } from '../../node/live-context.tsx';
import { ALL_NODES } from '../../node/nodes.ts';
import { useNodes } from '../../node/use-nodes.ts';
import { clockText } from '../../text/clock.ts';
import { Count } from '../../ui/count.tsx';
import { LossMark, VerdictMark } from '../../ui/marks.tsx';
import { useMedia } from '../../ui/measure/use-media.ts';
import { KernelTotals } from './kernel-totals.tsx';
import { NodeLosses } from './node-losses.tsx';
import { lossSentence, type PathAmount, type PathStep } from './packet-path.ts';
import { recorderSentence } from './recorder-sentence.ts';
import { usePacketPath } from './use-packet-path.ts';
import './path-diagram.css';

/** The packet path as a table: what entered each step, what became of it and what was lost there. */
export function PathDiagram() {
  const steps = usePacketPath();
  const startedMs = useSnapshot(({ figures }) => figures.hello?.started_at_ms);
  const old = useSnapshot(({ connection }) => connection.state !== 'live');
  const wide = useMedia('(min-width: 720px)');
  const allNodes = useNodes().shown === ALL_NODES;
  if (steps === null) return <p className="path-none">The counters arrive within a second.</p>;
  const anyLost = steps.some(({ lost }) => lost > 0);
  const Steps = wide ? StepTable : StepList;
  return (
    <div className="path" data-old={old}>
      <p className={clsx('path-sentence', anyLost && 'text-lost')} data-testid="path-sentence">
        <LossMark lost={anyLost} /> {lossSentence(steps)}
      </p>
      <Steps steps={steps} />
      <RecorderLine />
      <p className="path-note">
        {allNodes
          ? 'Counted since each loader started'
          : `Counted since the loader started${startedMs === undefined ? '' : `, ${clockText(startedMs)}`}`}
        ; the last step since this page connected. Denied packets are recorded like all others; they are not lost.
      </p>
      <div className="ledgers">
        {allNodes && <NodeLosses />}
        <KernelTotals />
      </div>
    </div>
  );
}

/** What is kept on the disk; nothing if the loader does not record, or for all nodes. */
function RecorderLine() {
  const recorder = useSnapshot(({ figures }) => figures.ledger?.recorder);
  const atMs = useSnapshot(({ figures }) => figures.ledger?.at_ms ?? 0);
  if (recorder === undefined) return null;
  const isIncomplete = recorder.lost > 0 || !recorder.recording;
  return (
    <p className={clsx('path-sentence path-recorder', isIncomplete && 'text-lost')} data-testid="path-recorder">
      <LossMark lost={isIncomplete} /> {recorderSentence(recorder, atMs)}
    </p>
  );
}

function StepTable({ steps }: { steps: readonly PathStep[] }) {
  return (
    <table className="path-table">
      <caption className="sr-only">What entered each step, what became of it, and what was lost</caption>
      <thead>
        <tr className="path-head">
          <td />
          <th scope="col">step</th>
          <th scope="col">in</th>
          <th scope="col">breakdown</th>
          <th scope="col">lost</th>
          <th scope="col">out</th>
        </tr>
      </thead>
      <tbody>
        {steps.map((step) => (
          <tr
            key={step.id}
            data-testid={`path-${step.id}`}
            data-lost={step.lost > 0}
            className={`path-step-${step.id}`}
          >
            <td>
              <Pipe step={step} />
            </td>
            <th scope="row">
              <span className="path-title">{step.title}</span>
              <span className="path-text">{step.text}</span>
            </th>
            <td>
              <Count value={step.entered} />
            </td>
            <td>
              <Amounts amounts={step.amounts.filter(({ kind }) => kind !== 'lost')} />
            </td>
            <td>
              <Amounts amounts={step.amounts.filter(({ kind }) => kind === 'lost')} />
            </td>
            <td>
              <Count value={step.passed} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The same as a list, for narrow screens. */
function StepList({ steps }: { steps: readonly PathStep[] }) {
  return (
    <ol className="path-list">
      {steps.map((step) => (
        <li key={step.id} data-testid={`path-${step.id}`} data-lost={step.lost > 0} className={`path-step-${step.id}`}>
          <Pipe step={step} />
          <div className="min-w-0">
            <h3 className="path-title">{step.title}</h3>
            <p className="path-text">{step.text}</p>
            <dl className="path-amounts">
              <Line label="in">
                <Count value={step.entered} />
              </Line>
              {step.amounts.map((amount) => (
                <AmountLine key={amount.label} amount={amount} />
              ))}
              <Line label="out">
                <Count value={step.passed} />
              </Line>
            </dl>
          </div>
        </li>
      ))}
    </ol>
  );
}

function Amounts({ amounts }: { amounts: readonly PathAmount[] }) {
  if (amounts.length === 0) return null;
  return (
    <dl className="path-amounts">
      {amounts.map((amount) => (
        <AmountLine key={amount.label} amount={amount} />
      ))}
    </dl>
  );
}

const TONE = { deny: 'text-deny', would_deny: 'text-warn', aborted: 'text-malformed' } as const;

function AmountLine({ amount: { label, value, text, kind, verdict } }: { amount: PathAmount }) {
  const none = value === 0;
  const tone = none ? 'text-faint' : kind === 'lost' ? 'path-lost hatched' : verdict && TONE[verdict];
  return (
    <div title={text} className={tone} data-kind={kind} data-amount={label}>
      <dt>
        {verdict !== undefined && !none && <VerdictMark verdict={verdict} />}
        {kind === 'lost' && !none && <LossMark lost />}
        {label}
      </dt>
      <dd>
        <Count value={value} />
      </dd>
    </div>
  );
}

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Smallest fraction that is drawn: one lost row must be visible. */
const MIN_FRACTION = 0.14;

/** Draws what passes as a band, and what leaves it to the right: hatched if it is lost. */
function Pipe({ step: { entered, passed, lost } }: { step: PathStep }) {
  const fraction = (value: number) => (entered === 0 || value === 0 ? 0 : Math.max(value / entered, MIN_FRACTION));
  const lostPart = fraction(lost);
  const excludedPart = fraction(entered - passed - lost);
  const passedPart = Math.max(0, Math.min(fraction(passed), 1 - lostPart - excludedPart));
  return (
    <span className="path-pipe" aria-hidden="true">
      <span className="path-passed" style={{ width: `${passedPart * 100}%` }} />
      {excludedPart > 0 && <span className="path-excluded" style={{ width: `${excludedPart * 100}%` }} />}
      {lostPart > 0 && <span className="path-lost-part" style={{ width: `${lostPart * 100}%` }} />}
    </span>
  );
}
