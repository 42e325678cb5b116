'use client';

import { X } from 'lucide-react';
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import type { TimeSpan } from '../../node/past/past.ts';
import type { PastPoint } from '../../node/past/past-level.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { ChartEvents } from '../defence/index.ts';
import { grabbed, indexAt, type Mark, type MarkMove, markedSpan, markText, movedMark } from './chart-mark.ts';
import './chart-brush.css';

const MOVES: Readonly<Record<string, MarkMove>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  PageUp: 'far-left',
  PageDown: 'far-right',
  Home: 'first',
  End: 'last',
};
/** Width of a finger, px. */
const FINGER = 28;
/** A drag shorter than this, px, selects nothing. */
const DRAG_FROM = 6;

export interface BrushProps {
  readonly points: readonly PastPoint[];
  readonly stepMs: number;
  /** The range of the time axis. */
  readonly axis: TimeSpan;
  /** Called with the time whose figures the readouts show; null for the newest. */
  readonly onMark: (ms: number | null) => void;
  readonly onZoom: (span: TimeSpan) => void;
}

/**
 * Adds range selection by keyboard and touch to a plot, which handles the mouse itself. Arrow keys move the cursor,
 * Shift extends the range, Enter zooms in, Escape clears.
 */
export function ChartBrush({ points, stepMs, axis, onMark, onZoom, children }: BrushProps & { children: ReactNode }) {
  const frame = useRef<HTMLDivElement>(null);
  const pressed = useRef<{ x: number; dragged: boolean } | null>(null);
  const [mark, setMark] = useState<Mark | null>(null);
  // A range that has left the axis cannot be zoomed into.
  const shown = mark !== null && Math.max(mark.anchorMs, mark.headMs) >= axis.fromMs ? mark : null;
  const change = (next: Mark | null) => {
    setMark(next);
    onMark(next?.headMs ?? null);
  };
  const zoomIn = () => {
    if (shown === null) return;
    onZoom(markedSpan(shown, stepMs));
    change(null);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    if (move !== undefined) change(movedMark(shown, points, move, event.shiftKey));
    else if (shown === null) return;
    else if (event.key === 'Enter') zoomIn();
    else if (event.key === 'Escape') change(null);
    else return;
    event.preventDefault();
  };

  const timeAt = (x: number): number => {
    const over = frame.current?.querySelector('.u-over')?.getBoundingClientRect();
    if (over === undefined) return axis.toMs;
    const share = Math.min(1, Math.max(0, (x - over.left) / over.width));
    const ms = axis.fromMs + share * (axis.toMs - axis.fromMs);
    return points[indexAt(points, ms)]?.fromMs ?? ms;
  };
  const widthMs = (px: number): number => {
    const width = frame.current?.querySelector('.u-over')?.clientWidth || 1;
    return (px / width) * (axis.toMs - axis.fromMs);
  };
  const onPointerDown = (event: PointerEvent) => {
    if (
      event.pointerType !== 'touch' ||
      !event.isPrimary ||
      (event.target instanceof Element && event.target.closest('button') !== null)
    )
      return;
    if (points.length === 0) return;
    pressed.current = { x: event.clientX, dragged: false };
    change(grabbed(shown, timeAt(event.clientX), stepMs, widthMs(FINGER)));
  };
  const onPointerMove = (event: PointerEvent) => {
    const begun = pressed.current;
    if (begun === null || event.pointerType !== 'touch') return;
    if (!begun.dragged && Math.abs(event.clientX - begun.x) < DRAG_FROM) return;
    begun.dragged = true;
    if (shown !== null) change({ ...shown, headMs: timeAt(event.clientX) });
  };
  const onPointerEnd = () => {
    pressed.current = null;
  };
  // Without this, the browser turns a finger lifted in motion into a fling and swallows the next tap.
  useEffect(() => {
    const keep = (event: TouchEvent) => {
      if (pressed.current?.dragged && event.cancelable) event.preventDefault();
    };
    const element = frame.current;
    element?.addEventListener('touchmove', keep, { passive: false });
    return () => element?.removeEventListener('touchmove', keep);
  }, []);

  const text = shown === null ? 'No range selected' : markText(shown, points, stepMs);
  return (
    <div
      ref={frame}
      className="chart-brush"
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerEnd}
      onPointerCancel={onPointerEnd}
    >
      <div className="chart-brush-plot">
        {/* The canvas is visual only; this slider represents it for keyboards and screen readers. */}
        <div
          role="slider"
          tabIndex={0}
          className="chart-slider"
          aria-label="Time in the chart. Arrow keys move the cursor, Shift extends the range, Enter zooms in"
          aria-valuemin={0}
          aria-valuemax={Math.max(0, points.length - 1)}
          aria-valuenow={shown === null ? Math.max(0, points.length - 1) : indexAt(points, shown.headMs)}
          aria-valuetext={text}
          data-testid="chart-slider"
          onKeyDown={onKeyDown}
          onBlur={(event) => {
            // The focus may move to a button of the selection.
            if (!frame.current?.contains(event.relatedTarget)) change(null);
          }}
        />
        {children}
        <ChartEvents axis={axis} />
        {shown !== null && <MarkOverlay mark={shown} stepMs={stepMs} axis={axis} />}
      </div>
      {shown !== null && (
        <p className="mark-text" data-testid="mark-text">
          <span aria-hidden="true">{text}</span>
          <button type="button" className="button" onClick={zoomIn}>
            Zoom in
          </button>
          <IconButton label="Clear the range" shortcut="Esc" onClick={() => change(null)}>
            <X size={12} aria-hidden="true" />
          </IconButton>
        </p>
      )}
    </div>
  );
}

function MarkOverlay({ mark, stepMs, axis }: { mark: Mark; stepMs: number; axis: TimeSpan }) {
  const { fromMs, toMs } = markedSpan(mark, stepMs);
  const length = axis.toMs - axis.fromMs;
  const left = Math.max(0, (fromMs - axis.fromMs) / length);
  const right = Math.min(1, (toMs - axis.fromMs) / length);
  return (
    <div className="mark-area" aria-hidden="true">
      <div
        className="mark"
        data-range={mark.anchorMs !== mark.headMs}
        style={{ left: `${left * 100}%`, width: `${Math.max(0, right - left) * 100}%` }}
      />
    </div>
  );
}
