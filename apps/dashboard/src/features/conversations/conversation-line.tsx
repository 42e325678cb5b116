// biome-ignore-all lint/a11y/useSemanticElements: windowed rows are positioned absolutely, which table elements do not allow; ARIA roles describe them
// biome-ignore-all lint/a11y/useFocusableInteractive: rows of a plain table are not interactive; the scroll container takes the focus
'use client';

import { clsx } from 'clsx';
import type { ColumnKey } from '../packets/index.ts';
import { conversationFilter, conversationRow } from './conversation-row.ts';
import { Cells, CountCell, GoneLine, type LineProps, type RowPosition } from './line-parts.tsx';
import type { OpenRow } from './use-conversations.ts';

const BEFORE: readonly ColumnKey[] = ['time', 'action', 'src', 'dst', 'protocol'];
const AFTER: readonly ColumnKey[] = ['detail', 'reason'];

export function ConversationLine({
  conversations,
  at,
  serial,
  isMember,
  open,
  current,
  paint,
  top,
  position,
  interfaceName,
}: LineProps & {
  /** Index of the conversation; -1 if it was evicted. */
  readonly at: number;
  readonly serial: number;
  /** Whether it is below its scan. */
  readonly isMember: boolean;
}) {
  if (at < 0) return <GoneLine top={top} position={position} what="conversation" />;
  const { packet, packets, count, bytes } = conversationRow(conversations, at, interfaceName);
  const colour = paint?.(conversations.newest, at) ?? null;
  return (
    <div
      role="row"
      aria-rowindex={position}
      className={clsx('row conversation', isMember && 'scan-member')}
      data-testid={isMember ? 'scan-member' : 'conversation-row'}
      data-serial={serial}
      data-packets={packets}
      data-verdict={packet.verdict}
      data-open={open}
      {...(current && { 'aria-current': true })}
      {...(colour !== null && { 'data-paint': colour.colour, title: colour.text })}
      style={{ top }}
    >
      <Cells packet={packet} columns={BEFORE} />
      <CountCell
        count={count}
        open={open}
        opensTo="its newest rows"
        what="conversation"
        filter={open ? conversationFilter(conversations, at) : null}
      />
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
