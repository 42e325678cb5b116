// biome-ignore-all lint/a11y/useSemanticElements: windowed rows stand at absolute places, which table elements cannot; the roles say what they are
// biome-ignore-all lint/a11y/useFocusableInteractive: rows and headers of a plain table are not interactive; nothing here is to be focused but the part that scrolls
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
// biome-ignore-all lint/a11y/useKeyWithClickEvents: arrow keys pick a row in the part that scrolls
// biome-ignore-all lint/a11y/useKeyWithMouseEvents: the pointer's tooltip repeats what the cell says
'use client';

import { useRouter } from 'next/navigation';
import {
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  useCallback,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import type { ColumnKey } from '../lib/columns.ts';
import { readMarker } from '../lib/marker.ts';
import { quietSentence } from '../lib/quiet.ts';
import type { RecordRing } from '../lib/record-ring.ts';
import { exactTime } from '../lib/row.ts';
import { indexesOf } from '../lib/row-window.ts';
import { useLive, useSnapshot } from '../live/live-context.tsx';
import { columnStyle, useColumns } from '../live/use-columns.ts';
import { useWindow } from '../live/use-window.ts';
import './packet-table.css';
import './packet-table-compact.css';
import { FilterBar } from './filter-bar.tsx';
import { TableRow } from './packet-row.tsx';
import { TableBar } from './table-bar.tsx';
import { TableHead } from './table-head.tsx';

const ROW = 28;
const ROW_OF_TWO_LINES = 48;
/** Below this width of the table a row takes two lines. */
const ONE_LINE_FROM = 890;

/** What two lines hold. */
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

/** The newest packets, windowed: only the rows in sight are decoded and drawn. */
export function PacketTable({ onDeny }: { onDeny: () => void }) {
  const { store } = useLive();
  const router = useRouter();
  const { rows, interfaceName } = store.picture;
  useSnapshot(({ rowsVersion }) => rowsVersion);
  const scroller = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const pressed = useRef<number | null>(null);
  const [compact, setCompact] = useState(false);
  const { choice, visible } = useColumns();
  const columns = compact ? TWO_LINE_COLUMNS : visible;

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = () => setCompact(element.clientWidth < ONE_LINE_FROM);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const ring = rows.shown;
  const { end, size } = ring;
  const height = compact ? ROW_OF_TWO_LINES : ROW;
  const { show, ...inSight } = useWindow(scroller, size, height);

  const onScroll = () => {
    if (head.current !== null) head.current.scrollLeft = scroller.current?.scrollLeft ?? 0;
    const scrolled = (scroller.current?.scrollTop ?? 0) > 2;
    if (scrolled === rows.scrolled) return;
    rows.setScrolled(scrolled);
    store.rowsChanged();
  };
  const select = useCallback(
    (row: number | null) => {
      if (row !== null && readMarker(rows.shown.slotBytes(row)) !== null) return;
      rows.select(row);
      store.rowsChanged();
    },
    [rows, store],
  );
  const onClick = (event: MouseEvent) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[data-rule]') : null;
    if (link !== null) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      router.push(link.pathname + link.search);
      return;
    }
    // Text that was marked to be copied is no choice of a row.
    if (getSelection()?.isCollapsed === false) return;
    const row = pressed.current;
    select(row === rows.selected ? null : row);
  };
  // Rows move on under the pointer: what was meant is what was there when it was pressed.
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
    show(rows.shown.end - 1 - row);
  };
  const showNewest = useCallback(() => {
    scroller.current?.scrollTo({ top: 0 });
    rows.select(null);
    rows.setScrolled(false);
    store.rowsChanged();
  }, [rows, store]);

  return (
    <section className="packets" aria-labelledby="packets-title">
      <FilterBar />
      <TableBar showNewest={showNewest} select={select} onDeny={onDeny} compact={compact} />
      <div
        role="table"
        aria-label="Packets, newest first"
        aria-rowcount={size + 1}
        aria-colcount={columns.length}
        className="table"
        data-compact={compact}
        style={columnStyle(choice, columns)}
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
          onMouseOver={(event) => explain(event.target, ring)}
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
                selected={end - 1 - index === rows.selected}
                interfaceName={interfaceName}
              />
            ))}
          </div>
        </div>
      </div>
      {size === 0 && <NoRows />}
    </section>
  );
}

/**
 * Tooltips are made where the pointer is, not with every row: the exact time, and the whole of what is cut off.
 * They tell what the cell says now; a row that follows the traffic soon says something else.
 */
function explain(target: EventTarget, ring: RecordRing): void {
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

/** The number in the ring of the row that is drawn where `target` is. */
function rowOf(target: EventTarget, ring: RecordRing): number | null {
  const row = target instanceof Element ? target.closest('[role="row"]') : null;
  const number = ring.end + 1 - Number(row?.getAttribute('aria-rowindex') ?? 0);
  return number < ring.end - ring.size || number >= ring.end ? null : number;
}

/** The next row with a packet in it, from the newest if none is selected; null at the end. */
function nextRow(ring: RecordRing, selected: number | null, step: number): number | null {
  let row = selected === null ? ring.end - 1 : selected + step;
  while (row < ring.end && row >= ring.end - ring.size) {
    if (readMarker(ring.slotBytes(row)) === null) return row;
    row += selected === null ? -1 : step;
  }
  return null;
}

function NoRows() {
  const figures = useSnapshot((snapshot) => snapshot.figures);
  const live = useSnapshot(({ connection }) => connection.state === 'live');
  const { filter } = useLive();
  const onTheWay =
    filter.text === ''
      ? 'Packets arrive; the first rows are on their way.'
      : 'Packets arrive, and none that the filter lets through has come yet.';
  const sentence =
    quietSentence({ ...figures, live, interfaces: figures.interfaces.map(({ name }) => name) }) ??
    (live ? onTheWay : 'No row came before the connection broke.');
  return (
    <div className="no-rows appear">
      <p>{sentence}</p>
      <p className="text-muted">
        Each packet that reaches an interface above gets a row here, before the system sees it.
      </p>
    </div>
  );
}
