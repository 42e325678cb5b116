'use client';

import { useMemo } from 'react';
import { useLive } from '../../../node/live-context.tsx';
import { packetRow } from '../../../text/row-text.ts';
import { packetSource } from './deny-choice.ts';
import { DenySheet } from './deny-sheet.tsx';

/** The sheet to deny the source of the selected packet, whose row is held and does not change. */
export function DenySelected({ row, onClose, onDone }: { row: number; onClose: () => void; onDone: () => void }) {
  const { store } = useLive();
  const { packet, source } = useMemo(() => {
    const { rows, interfaceName } = store.state;
    if (!rows.has(row)) return { packet: null, source: null };
    const { view, index } = rows.shown.read(row);
    const read = packetRow(view, index, interfaceName);
    return { packet: read, source: packetSource(view, index, read) };
  }, [store, row]);
  if (packet === null || source === null) return null;
  return <DenySheet packet={packet} source={source} onClose={onClose} onDone={onDone} />;
}
