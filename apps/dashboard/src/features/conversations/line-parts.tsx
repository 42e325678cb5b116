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
import type { Conversations } from './conversations.ts';

export interface RowPosition {
  /** Distance from the top of the table, px. */
  readonly top: number;
  /** Position among all rows of the table; the header is 1. */
  readonly position: number;
}

/** Props of a line, of a conversation or of a scan. */
export interface LineProps extends RowPosition {
  readonly conversations: Conversations;
  readonly open: boolean;
  readonly current: boolean;
  readonly paint: Paint | null;
  readonly interfaceName: (ifindex: number) => string | undefined;
}

export function Cells({ packet, columns }: { packet: PacketRow; columns: readonly ColumnKey[] }) {
  return columns.map((key) => <Fragment key={key}>{packetCell(key, packet, columns)}</Fragment>);
}

/** The number of packets, which opens the line, and beside it in an open line the button to filter by it. */
export function CountCell({
  count,
  open,
  opensTo,
  what,
  filter,
}: {
  count: string;
  open: boolean;
  /** What the line opens to: 'its newest rows'. */
  opensTo: string;
  what: 'conversation' | 'scan';
  /** Null if no filter matches it. */
  filter: string | null;
}) {
  return (
    <span role="cell" className="cell-count" data-field="packets">
      <button
        type="button"
        className="conversation-open"
        tabIndex={-1}
        aria-expanded={open}
        aria-label={`${count}: ${opensTo}`}
      >
        <ChevronRight size={12} aria-hidden="true" />
        {count}
      </button>
      {open && filter !== null && <OnlyThis what={what} text={filter} />}
    </span>
  );
}

/** A line in place of one that was evicted while lines were held. */
export function GoneLine({ top, position, what }: RowPosition & { readonly what: 'conversation' | 'scan' }) {
  return (
    <div role="row" aria-rowindex={position} className="row row-marker" style={{ top }}>
      <span role="cell" className="cell-time">
        {ABSENT}
      </span>
      <span role="cell" className="cell-marker" aria-colspan={8}>
        This {what} was removed to make room
      </span>
    </div>
  );
}

function OnlyThis({ what, text }: { what: string; text: string }) {
  const { filter } = useLive();
  return (
    <button
      type="button"
      className="button button-icon"
      data-only
      aria-label={`Only this ${what}`}
      title={`Only this: ${text}`}
      onClick={() => filter.apply(narrowed(filter.text, text))}
    >
      <Filter size={12} aria-hidden="true" />
    </button>
  );
}
