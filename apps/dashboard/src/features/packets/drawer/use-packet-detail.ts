'use client';

import { type ExplainedField, explainPacket, type PacketLog } from '@packetlog/common';
import { useMemo } from 'react';
import { ALL_NODES } from '../../../node/nodes.ts';
import { useRows } from '../../../node/recorded/rows-context.tsx';
import { useNodes } from '../../../node/use-nodes.ts';
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
  const allNodes = useNodes().shown === ALL_NODES;
  return useMemo(() => {
    if (!rows.has(row)) return null;
    const { view, index } = rows.shown.read(row);
    const packet = view.decode(index);
    return {
      packet,
      row: packetRow(view, index, interfaceName),
      timeMs: view.timestampMs(index),
      fields: explainPacket(packet, interfaceName(packet.ifindex)).map((field) =>
        allNodes && field.key === 'interface' ? withoutFilter(field) : field,
      ),
    };
  }, [rows, interfaceName, row, allNodes]);
}

/** In All nodes, the name of an interface begins with that of its node, which no node's filter knows. */
function withoutFilter({ filter: _, ...field }: ExplainedField): ExplainedField {
  return field;
}
