// biome-ignore-all lint/a11y/useSemanticElements: windowed rows are positioned absolutely, which table elements do not allow; ARIA roles describe them
// biome-ignore-all lint/a11y/useFocusableInteractive: rows of a plain table are not interactive; the scroll container takes the focus
'use client';

import { ChevronRight, Filter } from 'lucide-react';
import { Fragment } from 'react';
import { useLive } from '../../node/live-context.tsx';
import { narrowed } from '../../text/filter-text.ts';
import { ABSENT } from '../../text/number.ts';
import type { PacketRow } from '../../text/row-text.ts';
import { type ColumnKey, type Paint, packetCell } from '../packets/index.ts';
import { conversationFilter, conversationRow } from './conversation-row.ts';
import type { Conversations } from './conversations.ts';
import type { OpenRow } from './use-conversations.ts';

interface RowPosition {
  /** Distance from the top of the table, px. */
  readonly top: number;
  /** Position among all rows of the table; the header is 1. */
  readonly position: number;
}

const BEFORE: readonly ColumnKey[] = ['time', 'action', 'src', 'dst', 'protocol'];
const AFTER: readonly ColumnKey[] = ['detail', 'reason'];

export function ConversationLine({
  conversations,
  at,
  serial,
  open,
  current,
  paint,
  top,
  position,
  interfaceName,
}: RowPosition & {
  readonly conversations: Conversations;
  /** Index of the conversation; -1 if it was evicted. */
  readonly at: number;
  readonly serial: number;
  readonly open: boolean;
  readonly current: boolean;
  readonly paint: Paint | null;
  readonly interfaceName: (ifindex: number) => string | undefined;
}) {
  if (at < 0) {
    return (
      <div role="row" aria-rowindex={position} className="row row-marker" style={{ top }}>
        <span role="cell" className="cell-time">
          {ABSENT}
        </span>
        <span role="cell" className="cell-marker" aria-colspan={8}>
          This conversation was removed to make room
        </span>
      </div>
    );
  }
  const { packet, packets, count, bytes } = conversationRow(conversations, at, interfaceName);
  const colour = paint?.(conversations.newest, at) ?? null;
  return (
    <div
      role="row"
      aria-rowindex={position}
      className="row conversation"
      data-testid="conversation-row"
      data-serial={serial}
      data-packets={packets}
      data-verdict={packet.verdict}
      data-open={open}
      {...(current && { 'aria-current': true })}
      {...(colour !== null && { 'data-paint': colour.colour, title: colour.text })}
      style={{ top }}
    >
      <Cells packet={packet} columns={BEFORE} />
      <span role="cell" className="cell-count" data-field="packets">
        <button
          type="button"
          className="conversation-open"
          tabIndex={-1}
          aria-expanded={open}
          aria-label={`${count}: its newest rows`}
        >
          <ChevronRight size={12} aria-hidden="true" />
          {count}
        </button>
        {open && <OnlyThis conversations={conversations} at={at} />}
      </span>
      <span role="cell" className="cell-bytes" data-field="bytes">
        {bytes}
      </span>
      <Cells packet={packet} columns={AFTER} />
    </div>
  );
}

/** A row below an open conversation. */
export function OpenLine({
  row,
  packet,
  current,
  top,
  position,
}: RowPosition & OpenRow & { readonly current: boolean }) {
  return (
    <div
      role="row"
      aria-rowindex={position}
      className="row conversation-row"
      data-testid="conversation-packet"
      data-row={row}
      {...(current && { 'aria-current': true })}
      data-verdict={packet.verdict}
      style={{ top }}
    >
      <Cells packet={packet} columns={BEFORE} />
      <span role="cell" className="cell-count">
        {packet.weight === '1' ? '' : `1 of ${packet.weight}`}
      </span>
      <span role="cell" className="cell-bytes">
        {packet.length} B
      </span>
      <Cells packet={packet} columns={AFTER} />
    </div>
  );
}

function Cells({ packet, columns }: { packet: PacketRow; columns: readonly ColumnKey[] }) {
  return columns.map((key) => <Fragment key={key}>{packetCell(key, packet, columns)}</Fragment>);
}

function OnlyThis({ conversations, at }: { conversations: Conversations; at: number }) {
  const { filter } = useLive();
  const text = conversationFilter(conversations, at);
  if (text === null) return null;
  return (
    <button
      type="button"
      className="button button-icon"
      data-only
      aria-label="Only this conversation"
      title={`Only this: ${text}`}
      onClick={() => filter.apply(narrowed(filter.text, text))}
    >
      <Filter size={12} aria-hidden="true" />
    </button>
  );
}
