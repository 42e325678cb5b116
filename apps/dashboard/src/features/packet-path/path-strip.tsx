'use client';

import { ChevronRight } from 'lucide-react';
import { Fragment } from 'react';
import { Count } from '../../ui/count.tsx';
import { overlay } from '../../ui/keys/overlay.ts';
import { LossMark, VerdictMark } from '../../ui/marks.tsx';
import type { PathAmount, PathStep } from './packet-path.ts';
import { lossSentence } from './packet-path.ts';
import { usePacketPath } from './use-packet-path.ts';
import './path-strip.css';

/** The packet path in one line. Opens the diagram. */
export function PathStrip() {
  const steps = usePacketPath();
  if (steps === null) return <div className="path-strip" />;
  return (
    <section className="path-strip" aria-label="Packet path">
      <p className="sr-only">{lossSentence(steps)}</p>
      {steps.map((step, i) => (
        <Fragment key={step.id}>
          {i > 0 && <ChevronRight size={12} aria-hidden="true" className="text-faint shrink-0" />}
          <Step step={step} />
        </Fragment>
      ))}
      <button
        type="button"
        className="button path-open"
        aria-haspopup="dialog"
        aria-keyshortcuts="W"
        title="Packets in and out of each step, and where packets were lost (w)"
        onClick={() => overlay.show('path')}
      >
        Packet path
      </button>
    </section>
  );
}

function Step({ step: { id, title, text, entered, passed, amounts, lost } }: { step: PathStep }) {
  const shown = amounts.filter(
    ({ value, kind, verdict }) =>
      kind === 'lost' || verdict === 'deny' || (value > 0 && (kind === 'excluded' || verdict !== undefined)),
  );
  return (
    <dl className="path-station" title={text} data-lost={lost > 0}>
      <div>
        <dt>{SHORT[id] ?? title}</dt>
        {id === 'hook' && (
          <dd>
            <Count value={entered} testId="total-seen" />
          </dd>
        )}
        {id === 'page' && (
          <dd>
            <Count value={passed} />
          </dd>
        )}
      </div>
      {shown.map((amount) => (
        <Amount key={amount.label} amount={amount} />
      ))}
    </dl>
  );
}

const SHORT: Partial<Record<PathStep['id'], string>> = { page: 'Displayed' };
const TONE = { deny: 'text-deny', would_deny: 'text-warn', aborted: 'text-malformed' } as const;

function Amount({ amount: { label, value, text, kind, verdict } }: { amount: PathAmount }) {
  const tone =
    value === 0 ? 'text-faint' : kind === 'lost' ? 'path-lost hatched' : verdict ? TONE[verdict] : 'text-muted';
  return (
    <div title={text} className={tone}>
      <dt>
        {kind === 'lost' && value > 0 && <LossMark lost />}
        {verdict !== undefined && value > 0 && <VerdictMark verdict={verdict} />}
        {kind === 'lost' ? 'lost' : label}
      </dt>
      <dd>
        <Count value={value} />
      </dd>
    </div>
  );
}
