'use client';

import { ArrowUp } from 'lucide-react';
import { spanText } from '../lib/clock.ts';
import { counted, formatCount } from '../lib/number.ts';
import { quietSentence } from '../lib/quiet.ts';
import { useLive, useSnapshot } from '../live/live-context.tsx';
import { useMayChange } from '../live/use-rules.ts';
import { ExportButton } from './commands.tsx';
import { DenyFromRow, SelectedPacket } from './deny/selected-packet.tsx';
import { TableTools } from './table-tools.tsx';

/** Above the table: whether it follows, what it holds back, and the way to the newest row. */
export function TableBar({
  showNewest,
  select,
  onDeny,
  compact,
}: {
  showNewest: () => void;
  select: (row: number | null) => void;
  onDeny: () => void;
  /** Two lines a row. */
  compact: boolean;
}) {
  const { store } = useLive();
  const { rows } = store.picture;
  const figures = useSnapshot((snapshot) => snapshot.figures);
  const { withholding, rowLimit, sampledOneOf } = figures;
  const held = (rows.scrolled || rows.selected !== null) && !rows.paused;
  return (
    <div className="table-bar">
      <h2 className="panel-title" id="packets-title">
        Packets
      </h2>
      <TableState held={held} />
      {rows.selected !== null && <DenyFromRow row={rows.selected} deselect={() => select(null)} onDeny={onDeny} />}
      {held && (
        <button
          type="button"
          className="button button-accent"
          data-testid="new-rows"
          data-value={rows.newRows}
          onClick={showNewest}
        >
          <ArrowUp size={12} aria-hidden="true" />
          {rows.newRows === 0 ? 'To the newest' : counted(rows.newRows, 'new row')}
        </button>
      )}
      <ExportButton />
      {sampledOneOf > 1 && (
        <p
          className="table-bar-note"
          title="The ring fills up: a row stands for so many packets. The figures count all of them."
        >
          sampled,{' '}
          <data value={sampledOneOf} data-value={sampledOneOf} data-testid="sampled-one-of">
            1 of {formatCount(sampledOneOf)}
          </data>
        </p>
      )}
      {withholding && rowLimit !== null && (
        <p className="table-bar-note" title="More packets arrive than rows are sent. The figures count all of them.">
          showing at most {formatCount(rowLimit)} rows/s
        </p>
      )}
      <TableTools compact={compact} />
    </div>
  );
}

/** Whether it follows; and why not, if it does not. */
function TableState({ held }: { held: boolean }) {
  const { store } = useLive();
  const mayChange = useMayChange();
  const { rows } = store.picture;
  const figures = useSnapshot((snapshot) => snapshot.figures);
  const live = useSnapshot(({ connection }) => connection.state === 'live');
  const { paused } = figures;
  const quiet = quietSentence({ ...figures, live, interfaces: figures.interfaces.map(({ name }) => name) });
  return (
    <p className="table-bar-state" data-testid="table-state" data-state={paused ? 'paused' : held ? 'held' : 'follow'}>
      {paused !== null ? (
        <>
          <span className="text-warn">paused {spanText(paused.forMs)}</span>
          <span className="text-muted">
            <data value={paused.passed} data-value={paused.passed} data-testid="paused-passed">
              {counted(paused.passed, 'packet')}
            </data>{' '}
            passed meanwhile
          </span>
        </>
      ) : rows.selected !== null ? (
        <SelectedPacket row={rows.selected} />
      ) : quiet !== null && rows.shown.size > 0 ? (
        <span className="text-muted">{quiet}</span>
      ) : (
        <span className="text-faint">
          {held ? 'held while you read' : mayChange ? 'newest first, pick one to refuse its source' : 'newest first'}
        </span>
      )}
    </p>
  );
}
