'use client';

import { ArrowUp, StepForward } from 'lucide-react';
import dynamic from 'next/dynamic';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { usePastRowsState, useRows } from '../../node/recorded/rows-context.tsx';
import { useAge } from '../../node/use-age.ts';
import { counted, formatCount } from '../../text/number.ts';
import { quietSentence } from '../../text/quiet-text.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import { useMayChange } from '../rules/index.ts';
import { toggleGrouping } from './grouping-setting.ts';
import type { PacketSelection } from './selection/use-packet-selection.ts';

const TableTools = dynamic(
  () => lazyWithRetry(() => import('./table-tools.tsx')).then(({ TableTools }) => TableTools),
  {
    ssr: false,
  },
);

const loadSelection = () => lazyWithRetry(() => import('./selection/selected-packet.tsx'));
const SelectedPacket = dynamic(() => loadSelection().then((selection) => selection.SelectedPacket), { ssr: false });
const SelectionActions = dynamic(() => loadSelection().then((selection) => selection.SelectionActions), { ssr: false });

const PausedState = dynamic(
  () => lazyWithRetry(() => import('./paused-state.tsx')).then((paused) => paused.PausedState),
  { ssr: false },
);

const PastTableState = dynamic(
  () => lazyWithRetry(() => import('./past-rows-state.tsx')).then(({ PastTableState }) => PastTableState),
  { ssr: false, loading: () => <p className="table-bar-state" /> },
);

/** The bar above the table: state, actions on the selected row, the button to the newest row. */
export function TableBar({
  showNewest,
  selection,
  compact,
  grouped,
}: {
  showNewest: () => void;
  selection: PacketSelection;
  /** Whether a row takes two lines. */
  compact: boolean;
  /** Whether rows are grouped by conversation. */
  grouped: boolean;
}) {
  const { rows } = useRows();
  const past = usePastRowsState();
  const figures = useSnapshot((snapshot) => snapshot.figures);
  const { withholding, rowLimit, sampledOneOf } = figures;
  const held = (rows.scrolled || rows.selected !== null) && !rows.paused;
  // Not in TableTools, which is loaded later: the key works from the first picture on.
  useKeys('page', [
    {
      keys: ['v'],
      name: grouped ? 'Show one row per packet' : 'Group by conversation',
      group: 'Rows',
      keywords: 'group flows aggregate',
      run: toggleGrouping,
    },
  ]);
  return (
    <div className="table-bar">
      <h2 className="panel-title" id="packets-title">
        Packets
      </h2>
      {past === undefined ? (
        <TableState held={held} grouped={grouped} compact={compact} />
      ) : (
        <PastTableState state={past} />
      )}
      {rows.selected !== null && <SelectionActions selection={selection} />}
      {rows.paused && <StepButton compact={compact} />}
      {held && past === undefined && (
        <button
          type="button"
          className="button button-accent"
          data-testid="new-rows"
          data-value={rows.newRows}
          onClick={showNewest}
        >
          <ArrowUp size={12} aria-hidden="true" />
          {rows.newRows === 0
            ? 'Newest'
            : compact
              ? `${formatCount(rows.newRows)} new`
              : counted(rows.newRows, 'new row')}
        </button>
      )}
      {sampledOneOf > 1 && past === undefined && (
        <p
          className="table-bar-note"
          title="The ring is filling up: each row represents this many packets. The figures count all packets."
        >
          sampled,{' '}
          <data value={sampledOneOf} data-value={sampledOneOf} data-testid="sampled-one-of">
            1 of {formatCount(sampledOneOf)}
          </data>
        </p>
      )}
      {withholding && rowLimit !== null && past === undefined && (
        <p className="table-bar-note" title="More packets arrive than rows are sent. The figures count all packets.">
          showing at most {formatCount(rowLimit)} rows/s
        </p>
      )}
      <TableTools compact={compact} grouped={grouped} />
    </div>
  );
}

/** Rows per large step: about two screens. */
const MANY = 100;

/** Shows the next buffered row while paused. */
function StepButton({ compact }: { compact: boolean }) {
  const { step } = useLive();
  const waiting = useSnapshot(({ figures }) => figures.paused?.waiting ?? 0);
  useKeys('page', [
    { keys: ['.'], name: 'Show the next row', group: 'Rows', keywords: 'step', repeat: true, run: () => step(1) },
    { keys: [','], name: 'Show the next 100 rows', group: 'Rows', keywords: 'step', run: () => step(MANY) },
  ]);
  return (
    <button
      type="button"
      className="button"
      data-testid="step-button"
      aria-keyshortcuts="."
      aria-disabled={waiting === 0}
      aria-label="Step"
      title="Show the next row (.) or the next hundred (,)"
      onClick={() => step(1)}
    >
      <StepForward size={12} aria-hidden="true" />
      {!compact && 'Step'}
    </button>
  );
}

/** Shows whether the table follows the newest row, and why not. */
function TableState({ held, grouped, compact }: { held: boolean; grouped: boolean; compact: boolean }) {
  const mayChange = useMayChange();
  const { rows } = useRows();
  const figures = useSnapshot((snapshot) => snapshot.figures);
  const live = useSnapshot(({ connection }) => connection.state === 'live');
  const { paused } = figures;
  const age = useAge();
  // A narrow bar has no room for the interfaces.
  const interfaces = compact ? [] : figures.interfaces.map(({ name }) => name);
  const quiet = quietSentence({ ...figures, live, interfaces });
  return (
    <p className="table-bar-state" data-testid="table-state" data-state={paused ? 'paused' : held ? 'held' : 'follow'}>
      {paused !== null ? (
        <PausedState paused={paused} />
      ) : rows.selected !== null ? (
        <SelectedPacket row={rows.selected} />
      ) : age !== null && rows.shown.size > 0 ? (
        <span className="text-warn">these rows are {age}</span>
      ) : quiet !== null && figures.lastPacketMs !== null && rows.shown.size > 0 ? (
        <span className="text-muted">{quiet}</span>
      ) : (
        <span className="text-faint">{followText(grouped, compact, held, mayChange)}</span>
      )}
      {figures.subscription.pending && (
        <span className="text-warn appear-late" title="The rows below are from before the change.">
          waiting for the loader
        </span>
      )}
    </p>
  );
}

function followText(grouped: boolean, compact: boolean, held: boolean, mayChange: boolean): string {
  if (grouped && compact) return 'grouped by conversation';
  if (grouped) return 'one line per conversation or scan, by start, newest first';
  if (held) return 'updates held while you scroll';
  return mayChange ? 'newest first; select a row for details or to deny it' : 'newest first; select a row for details';
}
