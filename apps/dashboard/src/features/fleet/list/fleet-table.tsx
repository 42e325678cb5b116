// biome-ignore-all lint/a11y/useSemanticElements: windowed rows are positioned absolutely, which table elements do not allow; ARIA roles describe them
// biome-ignore-all lint/a11y/useFocusableInteractive: rows and headers of a plain table are not interactive; its buttons are
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: scroll containers must be reachable by keyboard
'use client';

import { ArrowDown, ArrowUp } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { indexesOf } from '../../../ui/measure/row-window.ts';
import { useWindow } from '../../../ui/measure/use-window.ts';
import { FleetRow, GroupRow } from './fleet-row.tsx';
import { type ListChoice, type ListRow, type SortKey, sortedBy } from './list-choice.ts';
import './fleet-table.css';

const ROW_HEIGHT = 28;
const COMPACT_ROW_HEIGHT = 56;
/** Below this width of the table, px, a node takes two lines. */
const ONE_LINE_FROM = 1150;

interface Column {
  readonly key: SortKey;
  readonly label: string;
  readonly title: string;
}

const COLUMNS: readonly Column[] = [
  { key: 'name', label: 'node', title: 'Opens its Live page' },
  { key: 'group', label: 'group', title: 'Nodes of a group get the same rules' },
  { key: 'data', label: 'data', title: 'Age of the newest report. A node reports at least every 10 s' },
  { key: 'packets', label: 'packets/s', title: 'Packets seen a second, from the newest report' },
  { key: 'denied', label: 'denied/s', title: 'Packets denied a second, from the newest report' },
  { key: 'lost', label: 'lost', title: 'Records lost on the node since its loader started: a ring was full' },
  { key: 'mode', label: 'mode', title: 'native: the program runs in the driver; generic: behind it' },
  { key: 'version', label: 'version', title: 'Version of the loader' },
  { key: 'rules', label: 'group’s rules', title: 'Number of the rules (generation) and what the node did with it' },
  { key: 'recorder', label: 'recorder', title: 'Whether the node records packets on its disk' },
  { key: 'alarm', label: 'last alarm', title: 'The newest warning or error of the node' },
];

/** The listed nodes, windowed. */
export function FleetTable({
  rows,
  nowMs,
  choice,
  onChoice,
  onOpen,
  onDetails,
}: {
  rows: readonly ListRow[];
  nowMs: number;
  choice: ListChoice;
  onChoice: (choice: ListChoice) => void;
  onOpen: (node: string) => void;
  onDetails: (node: string) => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const [compact, setCompact] = useState(false);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = () => setCompact(element.clientWidth < ONE_LINE_FROM);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const height = compact ? COMPACT_ROW_HEIGHT : ROW_HEIGHT;
  const inSight = useWindow(scroller, rows.length, height);
  const { search, shown, sort, descending, isGrouped } = choice;
  // Scrolls to the top when the order or the selection changes.
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [search, shown, sort, descending, isGrouped]);
  return (
    <div
      role="table"
      aria-label="Nodes"
      aria-rowcount={rows.length + 1}
      aria-colcount={COLUMNS.length}
      className="fleet-table"
      data-compact={compact}
      data-testid="fleet-table"
    >
      <div role="rowgroup" className="fleet-table-head">
        <div role="row" aria-rowindex={1} className="fleet-line fleet-line-head">
          {COLUMNS.map((column) => (
            <ColumnHead key={column.key} column={column} choice={choice} onChoice={onChoice} />
          ))}
        </div>
      </div>
      <div ref={scroller} role="rowgroup" aria-label="Listed nodes" className="fleet-table-body" tabIndex={0}>
        <div role="presentation" className="fleet-space" style={{ height: rows.length * height }}>
          {indexesOf(inSight).map((index) => {
            const row = rows[index];
            if (row === undefined) return null;
            const place = { top: index * height, position: index + 2 };
            return row.kind === 'group' ? (
              <GroupRow key={`group ${row.name}`} row={row} {...place} choice={choice} onChoice={onChoice} />
            ) : (
              <FleetRow
                key={row.node.name}
                node={row.node}
                nowMs={nowMs}
                {...place}
                onOpen={onOpen}
                onDetails={onDetails}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

function ColumnHead({
  column: { key, label, title },
  choice,
  onChoice,
}: {
  column: Column;
  choice: ListChoice;
  onChoice: (choice: ListChoice) => void;
}) {
  const sorted = choice.sort === key;
  const Arrow = choice.descending ? ArrowDown : ArrowUp;
  return (
    <span
      role="columnheader"
      className={`fleet-${key}`}
      title={title}
      {...(sorted && { 'aria-sort': choice.descending ? 'descending' : 'ascending' })}
    >
      <button type="button" className="fleet-sort" onClick={() => onChoice(sortedBy(choice, key))}>
        {sorted && <Arrow size={11} aria-hidden="true" />}
        {label}
      </button>
    </span>
  );
}
