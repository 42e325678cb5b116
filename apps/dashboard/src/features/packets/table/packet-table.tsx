// biome-ignore-all lint/a11y/useSemanticElements: windowed rows are positioned absolutely, which table elements do not allow; ARIA roles describe them
// biome-ignore-all lint/a11y/useFocusableInteractive: rows and headers of a plain table are not interactive; only the scroll container takes the focus
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: scroll containers must be reachable by keyboard
// biome-ignore-all lint/a11y/useKeyWithClickEvents: the scroll container handles arrow keys
// biome-ignore-all lint/a11y/useKeyWithMouseEvents: the pointer's tooltip repeats what the cell says
'use client';

import { useRouter } from 'next/navigation';
import { type KeyboardEvent, type MouseEvent, type PointerEvent, type RefObject, useEffect, useRef } from 'react';
import { ALL_NODES } from '../../../node/nodes.ts';
import { useRows, useRowsVersion } from '../../../node/recorded/rows-context.tsx';
import { nextRow } from '../../../node/rows/next-row.ts';
import type { RecordRing } from '../../../node/rows/record-ring.ts';
import { useNodes } from '../../../node/use-nodes.ts';
import { exactTime } from '../../../text/row-text.ts';
import { indexesOf } from '../../../ui/measure/row-window.ts';
import { useWindow } from '../../../ui/measure/use-window.ts';
import { usePaint } from '../row-colours/use-paint.ts';
import type { ColumnKey } from './columns.ts';
import { columnStyle, useColumns } from './use-columns.ts';
import './packet-table.css';
import './packet-table-compact.css';
import '../row-colours/row-colours.css';
import { TableRow } from './packet-row.tsx';
import { TableHead } from './table-head.tsx';

const ROW_HEIGHT = 28;
const COMPACT_ROW_HEIGHT = 48;
/** Older rows are loaded when this many are left below. */
const LOAD_AHEAD = 200;

/** Columns of a row with two lines. */
const TWO_LINE_COLUMNS: readonly ColumnKey[] = [
  'time',
  'action',
  'src',
  'dst',
  'protocol',
  'detail',
  'length',
  'interface',
  'vlan',
  'reason',
];

/** The newest packets, windowed: only visible rows are decoded and drawn. */
export function PacketTable({
  compact,
  scroller,
  select,
  explain,
}: {
  /** Two lines a row. */
  compact: boolean;
  scroller: RefObject<HTMLDivElement | null>;
  select: (row: number | null) => void;
  /** Opens the details of the selected row. */
  explain: () => void;
}) {
  const { rows, interfaceName, changed, loadOlder, isOfDays = false } = useRows();
  const router = useRouter();
  useRowsVersion();
  const head = useRef<HTMLDivElement>(null);
  const pressed = useRef<number | null>(null);
  const paint = usePaint();
  const { choice, visible } = useColumns();
  const allNodes = useNodes().shown === ALL_NODES;
  const columns = compact ? TWO_LINE_COLUMNS : visible;

  const ring = rows.shown;
  const { end, size } = ring;
  const height = compact ? COMPACT_ROW_HEIGHT : ROW_HEIGHT;
  const { show, ...inSight } = useWindow(scroller, size, height);
  const isNearEnd = inSight.to > size - LOAD_AHEAD;
  useEffect(() => {
    if (isNearEnd && size > 0) loadOlder?.();
  }, [isNearEnd, size, loadOlder]);

  const onScroll = () => {
    if (head.current !== null) head.current.scrollLeft = scroller.current?.scrollLeft ?? 0;
    const scrolled = (scroller.current?.scrollTop ?? 0) > 2;
    if (scrolled === rows.scrolled) return;
    rows.setScrolled(scrolled);
    changed();
  };
  const onClick = (event: MouseEvent) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[data-rule]') : null;
    if (link !== null) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      router.push(link.pathname + link.search);
      return;
    }
    // Selecting text to copy does not select the row.
    if (getSelection()?.isCollapsed === false) return;
    const row = pressed.current;
    select(row === rows.selected ? null : row);
    if (rows.selected !== null) explain();
  };
  // Rows move under the pointer: the row at pointer down counts.
  const onPointerDown = (event: PointerEvent) => {
    pressed.current = rowOf(event.target, rows.shown);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? -1 : event.key === 'ArrowUp' ? 1 : 0;
    if (step === 0 || event.target !== scroller.current) return;
    event.preventDefault();
    const row = nextRow(rows.shown, rows.selected, step);
    if (row === null) return;
    select(row);
  };
  const { selected } = rows;
  // Scrolls also if a key or a button outside the table moved the selection.
  useEffect(() => {
    if (selected !== null) show(rows.shown.end - 1 - selected);
  }, [selected]);
  return (
    <div
      role="table"
      aria-label="Packets, newest first"
      aria-rowcount={size + 1}
      aria-colcount={columns.length}
      className="table"
      data-compact={compact}
      data-nodes={allNodes}
      data-days={isOfDays}
      style={columnStyle(choice, columns, { names: allNodes, days: isOfDays })}
      data-testid="live-table"
    >
      <TableHead columns={columns} choice={choice} headRef={head} />
      <div
        ref={scroller}
        role="rowgroup"
        className="table-body"
        tabIndex={0}
        onScroll={onScroll}
        onPointerDown={onPointerDown}
        onClick={onClick}
        onKeyDown={onKeyDown}
        onMouseOver={(event) => setTooltip(event.target, ring)}
      >
        <div role="presentation" className="table-space" style={{ height: size * height }}>
          {indexesOf(inSight).map((index) => (
            <TableRow
              key={index}
              ring={ring}
              row={end - 1 - index}
              top={index * height}
              position={index + 2}
              columns={columns}
              paint={paint}
              selected={end - 1 - index === rows.selected}
              interfaceName={interfaceName}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

/**
 * Sets tooltips on hover, not for every row: the exact time, and the full text of cut cells. They describe the cell at
 * that moment; a row that follows the traffic changes.
 */
function setTooltip(target: EventTarget, ring: RecordRing): void {
  const cell = target instanceof Element ? target.closest<HTMLElement>('[role="cell"]') : null;
  const row = cell?.parentElement;
  if (cell === null || row === null || row === undefined) return;
  if (cell.dataset['field'] !== 'timestamp_ns') {
    cell.title = cell.textContent ?? '';
    return;
  }
  const number = rowOf(cell, ring);
  if (number === null) return;
  const { view, index } = ring.read(number);
  cell.title = exactTime(view.timestampNs(index));
}

/** Row number of the row drawn at `target`. */
function rowOf(target: EventTarget, ring: RecordRing): number | null {
  const row = target instanceof Element ? target.closest('[role="row"]') : null;
  const number = ring.end + 1 - Number(row?.getAttribute('aria-rowindex') ?? 0);
  return number < ring.end - ring.size || number >= ring.end ? null : number;
}
