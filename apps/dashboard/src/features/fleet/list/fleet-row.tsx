// biome-ignore-all lint/a11y/useSemanticElements: windowed rows are positioned absolutely, which table elements do not allow; ARIA roles describe them
// biome-ignore-all lint/a11y/useFocusableInteractive: rows of a plain table are not interactive; their buttons are
'use client';

import type { FleetNode } from '@packetlog/common/fleet';
import { clsx } from 'clsx';
import { ChevronDown, ChevronRight, Info } from 'lucide-react';
import { ABSENT, counted, formatCompact, formatCount, quantityText } from '../../../text/number.ts';
import { notInForce } from '../text/fleet-sums.ts';
import { generationText } from '../text/generation-text.ts';
import {
  ageOf,
  alarmText,
  type CellText,
  dataText,
  modesText,
  recorderText,
  SILENT_AFTER_MS,
} from '../text/node-cells.ts';
import { TONE } from '../text/tone.ts';
import { type ListChoice, type ListRow, toggled } from './list-choice.ts';

interface Place {
  /** px from the top of the list. */
  readonly top: number;
  /** For screen readers, 2 for the first. */
  readonly position: number;
}

export function FleetRow({
  node,
  nowMs,
  top,
  position,
  onOpen,
  onDetails,
}: Place & {
  node: FleetNode;
  nowMs: number;
  onOpen: (node: string) => void;
  onDetails: (node: string) => void;
}) {
  const { name, group, report } = node;
  const perSecond = report === undefined ? 0 : 1000 / report.interval_ms;
  const isOld = ageOf(node, nowMs) > SILENT_AFTER_MS;
  return (
    <div
      role="row"
      aria-rowindex={position}
      className="fleet-line"
      style={{ top }}
      data-testid="fleet-node"
      data-node={name}
    >
      <span role="cell" className="fleet-name">
        <button
          type="button"
          className="link-button"
          title={`Open the Live page of ${name}`}
          onClick={() => onOpen(name)}
        >
          {name}
        </button>
        <button
          type="button"
          className="fleet-details"
          aria-label={`Details of ${name}`}
          onClick={() => onDetails(name)}
        >
          <Info size={13} aria-hidden="true" />
        </button>
      </span>
      <span role="cell" className="fleet-group text-muted">
        {group}
      </span>
      <Cell column="data" cell={dataText(node, nowMs)} />
      <span role="cell" className="fleet-packets" data-old={isOld}>
        <Rate rate={report === undefined ? null : report.packets * perSecond} unit="pkt/s" />
      </span>
      <span
        role="cell"
        className={clsx('fleet-denied', report !== undefined && report.denied > 0 ? 'text-deny' : 'text-faint')}
        data-old={isOld}
      >
        <Rate rate={report === undefined ? null : report.denied * perSecond} unit="denied/s" />
      </span>
      <Lost lost={report?.ledger.ring_full ?? null} />
      {report === undefined ? (
        <>
          <span role="cell" className="fleet-mode text-faint">
            {ABSENT}
          </span>
          <span role="cell" className="fleet-version text-faint">
            {ABSENT}
          </span>
          <span role="cell" className="fleet-rules text-faint">
            {ABSENT}
          </span>
          <span role="cell" className="fleet-recorder text-faint">
            {ABSENT}
          </span>
          <span role="cell" className="fleet-alarm" />
        </>
      ) : (
        <>
          <Cell column="mode" cell={modesText(report)} />
          <span role="cell" className="fleet-version font-mono text-faint" title={report.version}>
            {report.version}
          </span>
          <Cell column="rules" cell={generationText(node, nowMs)} />
          <Cell column="recorder" cell={recorderText(report)} />
          <Cell column="alarm" cell={alarmText(report, nowMs)} />
        </>
      )}
    </div>
  );
}

function Cell({ column, cell: { text, tone, title } }: { column: string; cell: CellText }) {
  return (
    <span role="cell" className={`fleet-${column} ${TONE[tone]}`} title={title || undefined}>
      {text}
    </span>
  );
}

/** `unit` is shown where no heading names it. */
function Rate({ rate, unit }: { rate: number | null; unit: string }) {
  if (rate === null) return ABSENT;
  return (
    <data value={Math.round(rate)}>
      {quantityText(formatCompact(rate))}
      <span className="fleet-unit"> {unit}</span>
    </data>
  );
}

function Lost({ lost }: { lost: number | null }) {
  return (
    <span
      role="cell"
      className={clsx('fleet-lost', lost === null || lost === 0 ? 'text-faint' : 'text-lost')}
      title={lost === null ? undefined : `${counted(lost, 'record')} lost`}
    >
      <span className={clsx(lost !== null && lost > 0 && 'hatched')}>
        {lost === null ? ABSENT : quantityText(formatCompact(lost))}
        <span className="fleet-unit"> lost</span>
      </span>
    </span>
  );
}

/** A group: the sums of its listed nodes. */
export function GroupRow({
  row: { name, sums, isClosed },
  top,
  position,
  choice,
  onChoice,
}: Place & {
  row: Extract<ListRow, { kind: 'group' }>;
  choice: ListChoice;
  onChoice: (choice: ListChoice) => void;
}) {
  const Chevron = isClosed ? ChevronRight : ChevronDown;
  const behind = notInForce(sums);
  return (
    <div
      role="row"
      aria-rowindex={position}
      className="fleet-line fleet-line-group"
      style={{ top }}
      data-testid="fleet-group"
    >
      <span role="cell" className="fleet-name">
        <button
          type="button"
          className="fleet-toggle"
          aria-expanded={!isClosed}
          title={isClosed ? 'Show its nodes' : 'Hide its nodes'}
          onClick={() => onChoice(toggled(choice, name))}
        >
          <Chevron size={13} aria-hidden="true" />
          {name}
        </button>
      </span>
      <span role="cell" className="fleet-group text-muted">
        {counted(sums.nodes, 'node')}
      </span>
      <span role="cell" className={sums.silent > 0 ? 'fleet-data text-warn' : 'fleet-data text-faint'}>
        {sums.silent > 0 ? `${formatCount(sums.silent)} silent` : 'none silent'}
      </span>
      <span role="cell" className="fleet-packets">
        <Rate rate={sums.packets} unit="pkt/s" />
      </span>
      <span role="cell" className={clsx('fleet-denied', sums.denied > 0 ? 'text-deny' : 'text-faint')}>
        <Rate rate={sums.denied} unit="denied/s" />
      </span>
      <Lost lost={sums.lost} />
      <span role="cell" className="fleet-mode" />
      <span role="cell" className="fleet-version" />
      <span role="cell" className={clsx('fleet-rules', behind > 0 ? 'text-warn' : 'text-faint')}>
        {behind > 0 ? `${formatCount(behind)} not in force` : 'as wanted'}
      </span>
      <span role="cell" className="fleet-recorder" />
      <span role="cell" className={clsx('fleet-alarm', sums.alarms > 0 ? 'text-warn' : 'text-faint')}>
        {sums.alarms > 0 ? `${counted(sums.alarms, 'node')} with an alarm in the last hour` : ''}
      </span>
    </div>
  );
}
