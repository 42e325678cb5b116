'use client';

import { type ExplainedField, explainPacket, type PacketLog } from '@packetlog/common';
import { useMemo } from 'react';
import { useRows } from '../../../node/recorded/rows-context.tsx';
import { type PacketRow, packetRow } from '../../../text/row-text.ts';

export interface PacketDetail {
  readonly packet: PacketLog;
  readonly row: PacketRow;
  readonly timeMs: number;
  readonly fields: readonly ExplainedField[];
}

/** Details of the selected row, which is held and does not change; null if it is gone. */
export function usePacketDetail(row: number): PacketDetail | null {
  const { rows, interfaceName } = useRows();
  return useMemo(() => {
    if (!rows.has(row)) return null;
    const { view, index } = rows.shown.read(row);
    const packet = view.decode(index);
    return {
      packet,
      row: packetRow(view, index, interfaceName),
      timeMs: view.timestampMs(index),
      fields: explainPacket(packet, interfaceName(packet.ifindex)),
    };
  }, [rows, interfaceName, row]);
}
