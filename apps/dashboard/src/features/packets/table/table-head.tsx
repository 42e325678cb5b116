// biome-ignore-all lint/a11y/useSemanticElements: the rows below are positioned absolutely, which table elements do not allow; ARIA roles describe them
// biome-ignore-all lint/a11y/useFocusableInteractive: the edge of the header takes the focus
'use client';

import { clsx } from 'clsx';
import { type KeyboardEvent, type PointerEvent, type RefObject, useLayoutEffect, useRef, useState } from 'react';
import { type ColumnChoice, MAX_WIDTH, MIN_WIDTH, movedTo, resized, unsized } from './column-choice.ts';
import { columnSetting } from './column-setting.ts';
import { COLUMNS, type ColumnKey } from './columns.ts';
import './table-head.css';

const STEP = 8;
const LARGE_STEP = 40;
/** A shorter drag, px, is a click. */
const DRAG_FROM = 4;

/** Header of the table. Drag a name to move its column, its right edge to resize it. */
export function TableHead({
  columns,
  choice,
  headRef,
}: {
  columns: readonly ColumnKey[];
  choice: ColumnChoice;
  headRef: RefObject<HTMLDivElement | null>;
}) {
  const cells = useRef(new Map<ColumnKey, HTMLElement>());
  const [dragged, setDragged] = useState<ColumnKey | null>(null);
  const widths = useMeasured(headRef, cells.current, columns, choice);
  /** Fixes the widths of the columns to the left as they are, so that only the dragged edge moves. */
  const setWidth = (key: ColumnKey, width: number) => {
    const left = columns.slice(0, columns.indexOf(key));
    const asTheyAre = Object.fromEntries(left.map((each) => [each, widthOf(cells.current.get(each))]));
    columnSetting.value = resized(columnSetting.value, { ...asTheyAre, [key]: width });
  };
  return (
    <div role="rowgroup" className="table-head" ref={headRef}>
      <div role="row" aria-rowindex={1} className="row row-head">
        {columns.map((key) => (
          <span
            key={key}
            ref={(element) => {
              if (element === null) cells.current.delete(key);
              else cells.current.set(key, element);
            }}
            role="columnheader"
            className={clsx(`head-cell cell-${key}`, dragged === key && 'head-dragged')}
            title={COLUMNS[key].title}
            data-column={key}
          >
            <span
              className="head-label"
              onPointerDown={(event) =>
                drag(
                  event,
                  key,
                  cells.current,
                  () => setDragged(key),
                  () => setDragged(null),
                )
              }
            >
              {COLUMNS[key].label}
            </span>
            <Edge
              label={COLUMNS[key].label}
              width={widths[key] ?? COLUMNS[key].min}
              measure={() => widthOf(cells.current.get(key))}
              setWidth={(width) => setWidth(key, width)}
              reset={() => {
                columnSetting.value = unsized(columnSetting.value, key);
              }}
            />
          </span>
        ))}
      </div>
    </div>
  );
}

function Edge({
  label,
  width,
  measure,
  setWidth,
  reset,
}: {
  label: string;
  width: number;
  measure: () => number;
  setWidth: (width: number) => void;
  reset: () => void;
}) {
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.shiftKey ? LARGE_STEP : STEP;
    if (event.key === 'ArrowLeft') setWidth(measure() - step);
    else if (event.key === 'ArrowRight') setWidth(measure() + step);
    else if (event.key === 'Enter') reset();
    else return;
    event.preventDefault();
  };
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const [edge, from, width] = [event.currentTarget, event.clientX, measure()];
    edge.focus({ preventScroll: true });
    edge.setPointerCapture(event.pointerId);
    const onMove = (move: globalThis.PointerEvent) => setWidth(width + move.clientX - from);
    edge.addEventListener('pointermove', onMove);
    edge.addEventListener('lostpointercapture', () => edge.removeEventListener('pointermove', onMove), { once: true });
  };
  return (
    <span
      role="separator"
      className="head-edge"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={`Width of ${label}`}
      aria-valuenow={Math.round(width)}
      aria-valuemin={MIN_WIDTH}
      aria-valuemax={MAX_WIDTH}
      title="Drag to resize; double-click to reset"
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onDoubleClick={reset}
    />
  );
}

/** Moves the column with the pointer past the middle of other columns. */
function drag(
  event: PointerEvent<HTMLElement>,
  key: ColumnKey,
  cells: ReadonlyMap<ColumnKey, HTMLElement>,
  onStart: () => void,
  onEnd: () => void,
): void {
  if (event.button !== 0) return;
  const [label, from] = [event.currentTarget, event.clientX];
  let started = false;
  label.setPointerCapture(event.pointerId);
  const onMove = ({ clientX }: globalThis.PointerEvent) => {
    if (!started && Math.abs(clientX - from) < DRAG_FROM) return;
    if (!started) onStart();
    started = true;
    const target = dropTarget(clientX, key, cells);
    if (target !== null) columnSetting.value = movedTo(columnSetting.value, key, target);
  };
  label.addEventListener('pointermove', onMove);
  label.addEventListener(
    'lostpointercapture',
    () => {
      label.removeEventListener('pointermove', onMove);
      onEnd();
    },
    { once: true },
  );
}

/** Returns the farthest column whose middle the pointer has passed. */
function dropTarget(x: number, key: ColumnKey, cells: ReadonlyMap<ColumnKey, HTMLElement>): ColumnKey | null {
  const own = cells.get(key)?.getBoundingClientRect();
  if (own === undefined) return null;
  let target: ColumnKey | null = null;
  let farthest = 0;
  for (const [other, element] of cells) {
    if (other === key) continue;
    const { left, width } = element.getBoundingClientRect();
    const middle = left + width / 2;
    const passed = middle > own.right ? x > middle : x < middle;
    const distance = Math.abs(middle - own.left);
    if (!passed || distance < farthest) continue;
    target = other;
    farthest = distance;
  }
  return target;
}

function widthOf(element: HTMLElement | undefined): number {
  return element?.getBoundingClientRect().width ?? 0;
}

/** Returns the measured widths, which screen readers announce at the edges. */
function useMeasured(
  head: RefObject<HTMLDivElement | null>,
  cells: ReadonlyMap<ColumnKey, HTMLElement>,
  columns: readonly ColumnKey[],
  choice: ColumnChoice,
): Readonly<Partial<Record<ColumnKey, number>>> {
  const [widths, setWidths] = useState<Partial<Record<ColumnKey, number>>>({});
  useLayoutEffect(() => {
    const element = head.current;
    if (element === null) return;
    const measure = () => setWidths(Object.fromEntries([...cells].map(([key, cell]) => [key, widthOf(cell)])));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [head, cells, columns, choice]);
  return widths;
}
