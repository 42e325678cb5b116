'use client';

import { useMemo } from 'react';
import { useRows } from '../../../node/recorded/rows-context.tsx';
import { endpointText, packetRow } from '../../../text/row-text.ts';
import { packetSource } from './deny-choice.ts';
import { DenySheet } from './deny-sheet.tsx';

/** The sheet to deny the source of the selected packet, whose row is held and does not change. */
export function DenySelected({ row, onClose, onDone }: { row: number; onClose: () => void; onDone: () => void }) {
  const { rows, interfaceName } = useRows();
  const { packet, source } = useMemo(() => {
    if (!rows.has(row)) return { packet: null, source: null };
    const { view, index } = rows.shown.read(row);
    const read = packetRow(view, index, interfaceName);
    return { packet: read, source: packetSource(view, index, read) };
  }, [rows, interfaceName, row]);
  if (packet === null || source === null) return null;
  return (
    <DenySheet
      subject="packets like this one"
      note={
        <span className="font-mono">
          {endpointText(packet.src)} <span className="text-faint">→ {endpointText(packet.dst)}</span> {packet.protocol}
        </span>
      }
      source={source}
      onClose={onClose}
      onDone={onDone}
    />
  );
}
