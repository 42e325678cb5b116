'use client';

import { clsx } from 'clsx';
import type { ReactNode } from 'react';
import { formatBytes, formatCompact, formatCount } from '../../../text/number.ts';
import { Measure } from '../../../ui/count.tsx';
import type { Shown } from '../list/list-choice.ts';
import { type FleetSums, notInForce } from '../text/fleet-sums.ts';

/** The fleet in numbers. Those of nodes select these nodes in the list. */
export function FleetHead({
  sums,
  shown,
  onShown,
  onAdminister,
}: {
  sums: FleetSums;
  shown: Shown;
  onShown: (shown: Shown) => void;
  /** Absent: the person may not. */
  onAdminister?: () => void;
}) {
  const behind = notInForce(sums);
  const some = (which: Exclude<Shown, 'all'>, count: number, title: string) => (
    <button
      type="button"
      className={clsx('fleet-figure-button', count > 0 ? 'text-warn' : 'text-faint')}
      aria-pressed={shown === which}
      title={title}
      data-testid={`fleet-${which}`}
      data-value={count}
      onClick={() => onShown(which)}
    >
      {formatCount(count)}
    </button>
  );
  return (
    <header className="fleet-head">
      <h2 className="sr-only">Fleet</h2>
      <dl className="fleet-figures">
        <Figure label="nodes">
          <data value={sums.nodes} data-testid="fleet-count" data-value={sums.nodes}>
            {formatCount(sums.nodes)}
          </data>
        </Figure>
        <Figure label="silent">
          {some('silent', sums.silent, 'Nodes that have not reported for more than 15 s. Lists only these.')}
        </Figure>
        <Figure label="packets/s">
          <Measure quantity={formatCompact(sums.packets)} exact={sums.packets} per="/s" testId="fleet-packets" />
        </Figure>
        <Figure label="bytes/s">
          <Measure quantity={formatBytes(sums.bytes)} exact={sums.bytes} per="/s" />
        </Figure>
        <Figure label="denied/s">
          <span className={sums.denied > 0 ? 'text-deny' : 'text-faint'}>
            <Measure quantity={formatCompact(sums.denied)} exact={sums.denied} per="/s" />
          </span>
        </Figure>
        <Figure label="lost">
          <span
            className={sums.lost > 0 ? 'text-lost hatched' : 'text-faint'}
            title="Records lost on the nodes since their loaders started: a ring was full"
          >
            {formatCount(sums.lost)}
          </span>
        </Figure>
        <Figure label="rules not in force">
          {some('rules', behind, 'Nodes that do not have the rules that the hub wants there. Lists only these.')}
        </Figure>
        <Figure label="alarms, 1 h">
          {some('alarms', sums.alarms, 'Nodes with a warning or an error in the last hour. Lists only these.')}
        </Figure>
      </dl>
      {onAdminister !== undefined && (
        <button
          type="button"
          className="button fleet-admin"
          aria-haspopup="dialog"
          data-testid="fleet-administer"
          onClick={onAdminister}
        >
          People and tokens…
        </button>
      )}
    </header>
  );
}

function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
