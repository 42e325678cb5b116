'use client';

import { clsx } from 'clsx';
import type { ReactNode } from 'react';
import { useSnapshot } from '../../node/live-context.tsx';
import { TOGETHER } from '../../node/nodes.ts';
import { useNodes } from '../../node/use-nodes.ts';
import { clockText } from '../../text/clock.ts';
import { Count } from '../../ui/count.tsx';
import { LossMark, VerdictMark } from '../../ui/marks.tsx';
import { useMedia } from '../../ui/measure/use-media.ts';
import { KernelTotals } from './kernel-totals.tsx';
import { NodeLosses } from './node-losses.tsx';
import { type WayAmount, type WayStep, waySentence } from './packet-path.ts';
import { useWay } from './use-packet-path.ts';
import './path-diagram.css';

/** Seen, rules, ring, loader, this page: what came to each, what was set aside, and what was lost. A table, drawn. */
export function WayPicture() {
  const steps = useWay();
  const startedMs = useSnapshot(({ figures }) => figures.hello?.started_at_ms);
  const old = useSnapshot(({ connection }) => connection.state !== 'live');
  const wide = useMedia('(min-width: 720px)');
  const together = useNodes().shown === TOGETHER;
  if (steps === null) return <p className="way-none">The counters arrive within a second.</p>;
  const anyLost = steps.some(({ lost }) => lost > 0);
  const Steps = wide ? StepTable : StepList;
  return (
    <div className="way" data-old={old}>
      <p className={clsx('way-sentence', anyLost && 'text-lost')} data-testid="way-sentence">
        <LossMark lost={anyLost} /> {waySentence(steps)}
      </p>
      <Steps steps={steps} />
      <p className="way-note">
        {together
          ? 'Counted since each loader started'
          : `Counted since the loader started${startedMs === undefined ? '' : `, ${clockText(startedMs)}`}`}
        ; the last step since this page connected. Denied packets get rows like all others; they are not lost.
      </p>
      <div className="ledgers">
        {together && <NodeLosses />}
        <KernelTotals />
      </div>
    </div>
  );
}

function StepTable({ steps }: { steps: readonly WayStep[] }) {
  return (
    <table className="way-table">
      <caption className="sr-only">What entered each step, what was set aside there, and what was lost</caption>
      <thead>
        <tr className="way-head">
          <td />
          <th scope="col">step</th>
          <th scope="col">in</th>
          <th scope="col">set aside</th>
          <th scope="col">lost</th>
          <th scope="col">out</th>
        </tr>
      </thead>
      <tbody>
        {steps.map((step) => (
          <tr key={step.id} data-testid={`way-${step.id}`} data-lost={step.lost > 0} className={`way-step-${step.id}`}>
            <td>
              <Pipe step={step} />
            </td>
            <th scope="row">
              <span className="way-title">{step.title}</span>
              <span className="way-words">{step.words}</span>
            </th>
            <td>
              <Count value={step.comesIn} />
            </td>
            <td>
              <Amounts amounts={step.amounts.filter(({ kind }) => kind !== 'lost')} />
            </td>
            <td>
              <Amounts amounts={step.amounts.filter(({ kind }) => kind === 'lost')} />
            </td>
            <td>
              <Count value={step.goesOn} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The same for a narrow screen. */
function StepList({ steps }: { steps: readonly WayStep[] }) {
  return (
    <ol className="way-list">
      {steps.map((step) => (
        <li key={step.id} data-testid={`way-${step.id}`} data-lost={step.lost > 0} className={`way-step-${step.id}`}>
          <Pipe step={step} />
          <div className="min-w-0">
            <h3 className="way-title">{step.title}</h3>
            <p className="way-words">{step.words}</p>
            <dl className="way-amounts">
              <Line label="in">
                <Count value={step.comesIn} />
              </Line>
              {step.amounts.map((amount) => (
                <AmountLine key={amount.label} amount={amount} />
              ))}
              <Line label="out">
                <Count value={step.goesOn} />
              </Line>
            </dl>
          </div>
        </li>
      ))}
    </ol>
  );
}

function Amounts({ amounts }: { amounts: readonly WayAmount[] }) {
  if (amounts.length === 0) return null;
  return (
    <dl className="way-amounts">
      {amounts.map((amount) => (
        <AmountLine key={amount.label} amount={amount} />
      ))}
    </dl>
  );
}

const TONE = { deny: 'text-deny', would_deny: 'text-warn', aborted: 'text-malformed' } as const;

function AmountLine({ amount: { label, value, words, kind, verdict } }: { amount: WayAmount }) {
  const none = value === 0;
  const tone = none ? 'text-faint' : kind === 'lost' ? 'way-lost hatched' : verdict && TONE[verdict];
  return (
    <div title={words} className={tone} data-kind={kind} data-amount={label}>
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

/** Some always show, however few: one lost row is a loss. */
const LEAST = 0.14;

/** What goes on as a band, and what parts from it to the right: hatched where it is lost. */
function Pipe({ step: { comesIn, goesOn, lost } }: { step: WayStep }) {
  const share = (value: number) => (comesIn === 0 || value === 0 ? 0 : Math.max(value / comesIn, LEAST));
  const leak = share(lost);
  const aside = share(comesIn - goesOn - lost);
  const on = Math.max(0, Math.min(share(goesOn), 1 - leak - aside));
  return (
    <span className="way-pipe" aria-hidden="true">
      <span className="way-on" style={{ width: `${on * 100}%` }} />
      {aside > 0 && <span className="way-aside" style={{ width: `${aside * 100}%` }} />}
      {leak > 0 && <span className="way-leak" style={{ width: `${leak * 100}%` }} />}
    </span>
  );
}
