'use client';

import dynamic from 'next/dynamic';
import { type ComponentType, useCallback, useLayoutEffect, useRef, useState } from 'react';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { usePastRowsState, useRowState, useRows } from '../../node/recorded/rows-context.tsx';
import { readMarker } from '../../node/rows/marker.ts';
import { subscribedTo } from '../../node/state/subscription.ts';
import { quietSentence } from '../../text/quiet-text.ts';
import { useStored } from '../../ui/stored-setting.ts';
import { groupingSetting } from './grouping-setting.ts';
import type { PacketSelection } from './selection/use-packet-selection.ts';
import { PacketTable } from './table/packet-table.tsx';
import { TableBar } from './table-bar.tsx';

/** Props of a table of rows, grouped or not. */
export interface RowTableProps {
  /** Whether a row takes two lines. */
  readonly compact: boolean;
  readonly select: (row: number | null) => void;
  /** Opens the details of the selected row. */
  readonly explain: () => void;
}

const NoPastRows = dynamic(
  () => lazyWithRetry(() => import('./past-rows-state.tsx')).then(({ NoPastRows }) => NoPastRows),
  { ssr: false },
);

/** Below this width a row takes two lines. */
const ONE_LINE_FROM = 900;

/** Bar and table of the packets: one row per packet, or grouped by conversation. */
export function Packets({
  selection,
  Conversations,
}: {
  selection: PacketSelection;
  /** Table for grouped rows, passed in because it imports from this feature. */
  Conversations: ComponentType<RowTableProps>;
}) {
  const { rows, changed } = useRows();
  const past = usePastRowsState();
  const grouped = useStored(groupingSetting);
  const empty = useRowState(({ shown }) => shown.size === 0);
  const pending = useSnapshot(({ figures }) => subscribedTo(figures).pending);
  const applied = useSnapshot(({ figures }) => subscribedTo(figures).filter);
  const section = useRef<HTMLElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const compact = useNarrow(section);

  const select = useCallback(
    (row: number | null) => {
      if (row !== null && readMarker(rows.shown.slotBytes(row)) !== null) return;
      rows.select(row);
      changed();
    },
    [rows, changed],
  );
  const showNewest = useCallback(() => {
    scroller.current?.scrollTo({ top: 0 });
    rows.select(null);
    rows.setScrolled(false);
    changed();
  }, [rows, changed]);
  // Switching the table scrolls to its top and clears the selection; resizing does not.
  const groupedBefore = useRef(grouped);
  useLayoutEffect(() => {
    if (groupedBefore.current === grouped) return;
    groupedBefore.current = grouped;
    showNewest();
  }, [grouped, showNewest]);

  return (
    <section
      ref={section}
      className="packets"
      aria-labelledby="packets-title"
      aria-busy={pending}
      // The filter that the loader has acknowledged: all rows from then on pass it.
      data-filter={applied ?? undefined}
      data-testid="packets"
    >
      <TableBar showNewest={showNewest} selection={selection} compact={compact} grouped={grouped} />
      {grouped ? (
        <Conversations compact={compact} select={select} explain={selection.show} />
      ) : (
        <PacketTable compact={compact} scroller={scroller} select={select} explain={selection.show} />
      )}
      {empty && (past === undefined ? <NoRows /> : <NoPastRows state={past} />)}
    </section>
  );
}

function useNarrow(element: { readonly current: HTMLElement | null }): boolean {
  const [narrow, setNarrow] = useState(false);
  useLayoutEffect(() => {
    const measured = element.current;
    if (measured === null) return;
    const measure = () => setNarrow(measured.clientWidth < ONE_LINE_FROM);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(measured);
    return () => observer.disconnect();
  }, [element]);
  return narrow;
}

function NoRows() {
  const figures = useSnapshot((snapshot) => snapshot.figures);
  const live = useSnapshot(({ connection }) => connection.state === 'live');
  const { filter } = useLive();
  const onTheWay =
    filter.text === ''
      ? 'Packets are arriving; waiting for the first rows.'
      : 'Packets are arriving; none matches the filter yet.';
  const sentence =
    quietSentence({ ...figures, live, interfaces: figures.interfaces.map(({ name }) => name) }) ??
    (live ? onTheWay : 'No rows arrived before the connection was lost.');
  return (
    <div className="no-rows appear">
      <p>{sentence}</p>
      <p className="text-muted">
        Packets are captured before the network stack sees them. Each has a row here, unless it is sampled, filtered,
        withheld or lost.
      </p>
    </div>
  );
}
