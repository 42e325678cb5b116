import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useRows } from '../../node/recorded/rows-context.tsx';
import { type PacketRow, packetRow } from '../../text/row-text.ts';
import type { RowWindow } from '../../ui/measure/row-window.ts';
import { ConversationList, type ConversationOrder } from './conversation-list.ts';
import { Conversations } from './conversations.ts';

/** Maximum number of conversations; bounds memory and work. */
const MAX_CONVERSATIONS = 2_000;
const MAX_OPEN_ROWS = 20;
/** Numbers that change faster are not readable. */
const REFRESH_EVERY_MS = 250;

export interface OpenRow {
  /** Its row number. */
  readonly row: number;
  readonly packet: PacketRow;
}

export interface ConversationsView {
  readonly conversations: Conversations;
  readonly list: ConversationList;
  /** Serial of the open conversation. */
  readonly open: number | null;
  /** Newest rows of the open conversation. */
  readonly openRows: readonly OpenRow[];
  /** Opens or closes the line with this serial, of a conversation or a scan. */
  readonly toggle: (serial: number) => void;
  readonly closeAll: () => void;
  /** Shows new conversations, even while lines are held. */
  readonly showNew: () => void;
}

/**
 * Groups rows four times a second. `reading` returns whether lines must stay in place, `inSight` is the range on the
 * screen.
 */
export function useConversations(
  order: ConversationOrder,
  reading: () => boolean,
  inSight: { readonly current: RowWindow },
): ConversationsView {
  const source = useRows();
  const [conversations, list] = useMemo(() => {
    const grouped = new Conversations(MAX_CONVERSATIONS);
    return [grouped, new ConversationList(grouped), source] as const;
  }, [source]);
  const [open, setOpen] = useState<number | null>(null);
  const openRows = useRef<readonly OpenRow[]>([]);
  const [, redraw] = useState(0);

  const refresh = useCallback(
    (showNew: boolean) => {
      const { rows, interfaceName, loadOlder } = source;
      // Counts are of all rows, not only of those in sight.
      loadOlder?.();
      const to = rows.paused ? rows.shown.end : rows.live.end;
      const held = !showNew && reading();
      if (held) {
        const { from, to: end } = inSight.current;
        for (let line = from; line < end; line++) conversations.touch(list.indexAt(line));
      }
      const changed = conversations.catchUp(rows.live, to);
      const listed = list.refresh(order, held, performance.now());
      const at = open === null ? -1 : list.indexAt(list.lineOf(open));
      openRows.current =
        at < 0
          ? []
          : conversations.rowsOf(at, rows.live, to, MAX_OPEN_ROWS).map((row) => {
              const { view, index } = rows.live.read(row);
              return { row, packet: packetRow(view, index, interfaceName) };
            });
      if (changed || listed || showNew) redraw((count) => count + 1);
    },
    [source, conversations, list, order, open, reading, inSight],
  );

  useEffect(() => {
    refresh(false);
    redraw((count) => count + 1);
    const timer = setInterval(() => refresh(false), REFRESH_EVERY_MS);
    return () => clearInterval(timer);
  }, [refresh]);

  const showNew = useCallback(() => refresh(true), [refresh]);
  const expand = (serial: number | null) => {
    list.expand(serial);
    redraw((count) => count + 1);
  };
  const toggle = (serial: number) => {
    const line = list.lineOf(serial);
    if (list.scanAt(line) === null) return setOpen(serial === open ? null : serial);
    // A conversation of the scan that closes has no line any more.
    if (open !== null && list.isMember(list.lineOf(open))) setOpen(null);
    expand(serial === list.expanded ? null : serial);
  };
  const closeAll = () => {
    setOpen(null);
    expand(null);
  };
  return { conversations, list, open, openRows: openRows.current, toggle, closeAll, showNew };
}
