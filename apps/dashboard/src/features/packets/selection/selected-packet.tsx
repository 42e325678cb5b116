'use client';

import { Ban, PanelRight, X } from 'lucide-react';
import { useMemo } from 'react';
import { useRows } from '../../../node/recorded/rows-context.tsx';
import { endpointText, packetRow } from '../../../text/row-text.ts';
import { IconButton } from '../../../ui/icon-button.tsx';
import type { PacketSelection } from './use-packet-selection.ts';
import './selected-packet.css';

/** Names the selected packet in the bar above the table. */
export function SelectedPacket({ row }: { row: number }) {
  const { rows, interfaceName } = useRows();
  const packet = useMemo(() => {
    if (!rows.has(row)) return null;
    const { view, index } = rows.shown.read(row);
    return packetRow(view, index, interfaceName);
  }, [rows, interfaceName, row]);
  if (packet === null) return null;
  const { src, dst, protocol } = packet;
  return (
    <span className="selected-packet font-mono" data-testid="selected-packet">
      <span>{endpointText(src)}</span>
      <span className="text-faint"> → {endpointText(dst)} </span>
      <span className="text-muted">{protocol}</span>
    </span>
  );
}

/** Actions on the selected packet. */
export function SelectionActions({ selection }: { selection: PacketSelection }) {
  return (
    <>
      {!selection.isShown && (
        <>
          <button
            type="button"
            className="button"
            data-testid="explain-row"
            aria-keyshortcuts="Enter"
            title="What each field means (Enter)"
            onClick={selection.show}
          >
            <PanelRight size={12} aria-hidden="true" />
            <span className="explain-word">Explain</span>
          </button>
          <button
            type="button"
            className="button deny-button"
            data-testid="deny-row"
            aria-keyshortcuts="d"
            title="Deny its source (d)"
            onClick={selection.deny}
          >
            <Ban size={12} aria-hidden="true" />
            Deny…
          </button>
        </>
      )}
      <IconButton label="Clear selection" shortcut="Esc" onClick={selection.clear}>
        <X size={13} aria-hidden="true" />
      </IconButton>
    </>
  );
}
