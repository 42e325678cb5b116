// biome-ignore-all lint/a11y/useSemanticElements: windowed rows are positioned absolutely, which table elements do not allow; ARIA roles describe them
// biome-ignore-all lint/a11y/useFocusableInteractive: rows of a plain table are not interactive; the scroll container takes the focus
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: scroll containers must be reachable by keyboard
// biome-ignore-all lint/a11y/useKeyWithClickEvents: the scroll container handles arrows and Enter
'use client';

import { type KeyboardEvent, type MouseEvent, useCallback, useRef, useState } from 'react';
import { useRowState, useRows } from '../../node/recorded/rows-context.tsx';
import { indexesOf } from '../../ui/measure/row-window.ts';
import { useWindow } from '../../ui/measure/use-window.ts';
import { type RowTableProps, usePaint } from '../packets/index.ts';
import { ConversationFoot } from './conversation-foot.tsx';
import { ConversationHead, conversationStyle } from './conversation-head.tsx';
import { ConversationLine, OpenLine } from './conversation-line.tsx';
import type { ConversationOrder } from './conversation-list.ts';
import { ScanLine } from './scan-line.tsx';
import { useConversations } from './use-conversations.ts';
import './conversation-table.css';

const LINE_HEIGHT = 28;
const COMPACT_LINE_HEIGHT = 48;

/**
 * Rows grouped by conversation, one line each, which opens to its newest rows. A scan is one line as well, which opens to
 * its conversations.
 */
export function ConversationTable({ compact, select, explain }: RowTableProps) {
  const { interfaceName, isOfDays = false } = useRows();
  const selected = useRowState((rows) => rows.selected);
  const paint = usePaint();
  const [order, setOrder] = useState<ConversationOrder>('newest');
  const [cursor, setCursor] = useState<number | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const pointed = useRef(false);
  const opened = useRef(false);
  /** Lines may move between press and release: the pressed line counts. */
  const pressed = useRef<{ serial: number; row: number | null }>({ serial: 0, row: null });
  const inSight = useRef({ from: 0, to: 0 });
  // Lines stay in place while the pointer is on the table, the keyboard moves along it, it is scrolled, or a line is
  // open.
  const reading = useCallback(() => {
    const element = scroller.current;
    return (
      pointed.current || opened.current || (element?.scrollTop ?? 0) > 2 || element?.matches(':focus-visible') === true
    );
  }, []);
  const { conversations, list, open, openRows, toggle, closeAll, showNew } = useConversations(order, reading, inSight);
  opened.current = open !== null || list.expanded !== null;
  const openLine = open === null ? -1 : list.lineOf(open);
  const count = list.length + (openLine < 0 ? 0 : openRows.length);
  const height = compact ? COMPACT_LINE_HEIGHT : LINE_HEIGHT;
  const { show, ...window } = useWindow(scroller, count, height);
  inSight.current = window;

  /** The line at this index, or the row below the open line. */
  const lineAt = (index: number): { line: number; row: number } => {
    if (openLine < 0 || index <= openLine) return { line: index, row: -1 };
    const below = index - openLine - 1;
    return below < openRows.length ? { line: openLine, row: below } : { line: index - openRows.length, row: -1 };
  };
  const press = (serial: number) => {
    setCursor(serial);
    toggle(serial);
  };
  const onClick = (event: MouseEvent) => {
    if (!(event.target instanceof Element) || getSelection()?.isCollapsed === false) return;
    if (event.target.closest('a, [data-only]') !== null) return;
    const { serial, row } = pressed.current;
    if (serial !== 0) press(serial);
    if (row === null) return;
    // Clear first: the held copy may be older than this row.
    select(null);
    select(row);
    explain();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== scroller.current) return;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (event.key === 'Enter' && cursor !== null) press(cursor);
    else if (step !== 0) {
      const line = Math.min(list.length - 1, Math.max(0, cursor === null ? 0 : list.lineOf(cursor) + step));
      setCursor(list.serialAt(line));
      show(openLine >= 0 && line > openLine ? line + openRows.length : line);
    } else return;
    event.preventDefault();
  };
  const showNewcomers = () => {
    closeAll();
    scroller.current?.scrollTo({ top: 0 });
    showNew();
  };

  return (
    <>
      <div
        role="table"
        aria-label="Conversations"
        aria-rowcount={count + 1}
        className="table conversations"
        data-compact={compact}
        data-days={isOfDays}
        style={conversationStyle(isOfDays)}
        data-testid="conversation-table"
      >
        <ConversationHead order={order} setOrder={setOrder} />
        <div
          ref={scroller}
          role="rowgroup"
          className="table-body"
          tabIndex={0}
          onPointerDown={({ target }) => {
            const line = target instanceof Element ? target.closest<HTMLElement>('[data-serial], [data-row]') : null;
            const { serial = 0, row } = line?.dataset ?? {};
            pressed.current = { serial: Number(serial), row: row === undefined ? null : Number(row) };
          }}
          onPointerOver={({ target }) => {
            // The full text, which may be cut off.
            const cell = target instanceof Element ? target.closest<HTMLElement>('[role="cell"]') : null;
            if (cell !== null) cell.title = cell.textContent ?? '';
          }}
          onPointerEnter={() => {
            pointed.current = true;
          }}
          onPointerLeave={() => {
            pointed.current = false;
          }}
          onClick={onClick}
          onKeyDown={onKeyDown}
        >
          <div role="presentation" className="table-space" style={{ height: count * height }}>
            {indexesOf(window).map((index) => {
              const { line, row } = lineAt(index);
              const place = { top: index * height, position: index + 2 };
              const below = openRows[row];
              if (below !== undefined) {
                return <OpenLine key={`row-${row}`} {...below} current={below.row === selected} {...place} />;
              }
              const serial = list.serialAt(line);
              const scan = list.scanAt(line);
              const props = { conversations, paint, current: serial === cursor, interfaceName, ...place };
              return scan === null ? (
                <ConversationLine
                  key={serial}
                  at={list.indexAt(line)}
                  serial={serial}
                  isMember={list.isMember(line)}
                  open={serial === open}
                  {...props}
                />
              ) : (
                <ScanLine key={serial} scan={scan} open={serial === list.expanded} {...props} />
              );
            })}
          </div>
        </div>
      </div>
      <ConversationFoot
        count={conversations.size}
        lines={list.topLength}
        evicted={conversations.evicted}
        missed={conversations.missed}
        newcomers={list.newcomers}
        onNewcomers={showNewcomers}
      />
    </>
  );
}
