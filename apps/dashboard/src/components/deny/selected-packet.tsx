'use client';

import { Ban, X } from 'lucide-react';
import dynamic from 'next/dynamic';
import { useMemo } from 'react';
import { endpointText, packetRow } from '../../lib/row.ts';
import { type PacketSource, packetSource } from '../../lib/rules/deny-choice.ts';
import { HOW_TO_CHANGE } from '../../lib/rules/refusal-words.ts';
import { useKeys } from '../../live/keys.ts';
import { useLive } from '../../live/live-context.tsx';
import { useMayChange, useRulesView } from '../../live/use-rules.ts';
import './selected-packet.css';

/** Not needed for the first paint: fetched when somebody denies for the first time. */
const DenySheet = dynamic(() => import('./deny-sheet.tsx').then((sheet) => sheet.DenySheet), { ssr: false });

/** In the bar above the table: which packet is picked. */
export function SelectedPacket({ row }: { row: number }) {
  const packet = usePacket(row);
  const { src, dst, protocol } = packet.row;
  return (
    <span className="selected-packet font-mono" data-testid="selected-packet">
      <span>{endpointText(src)}</span>
      <span className="text-faint"> → {endpointText(dst)} </span>
      <span className="text-muted">{protocol}</span>
    </span>
  );
}

/** "Deny…" for the picked packet, by button or by the key d; Escape lets go of it. */
export function DenyFromRow({ row, deselect, onDeny }: { row: number; deselect: () => void; onDeny: () => void }) {
  const { toasts } = useLive();
  const packet = usePacket(row);
  const mayChange = useMayChange();
  const rules = useRulesView();
  const deny = () => {
    const why =
      packet.source === null
        ? 'No address could be read from this frame: no rule can be made of it.'
        : rules === null
          ? 'This loader only observes: it enforces no rules.'
          : mayChange
            ? ''
            : `You can look. ${HOW_TO_CHANGE}`;
    if (why === '') onDeny();
    else toasts.show({ text: why, tone: 'problem' });
  };
  useKeys('row', [
    {
      keys: ['d'],
      name: 'Refuse the source of the picked packet…',
      group: 'Packet',
      words: 'deny drop block',
      run: deny,
    },
    { keys: ['escape'], name: 'Let go of the picked row', group: 'Packet', run: deselect },
  ]);
  return (
    <>
      <button
        type="button"
        className="button deny-button"
        data-testid="deny-row"
        aria-keyshortcuts="d"
        title="Refuse its source (d)"
        onClick={deny}
      >
        <Ban size={12} aria-hidden="true" />
        Deny…
      </button>
      <button
        type="button"
        className="button button-icon"
        aria-label="Let go of this row"
        title="Let go of this row (Esc)"
        onClick={deselect}
      >
        <X size={13} aria-hidden="true" />
      </button>
    </>
  );
}

/** The drawer for the picked packet. */
export function DenySelected({ row, onClose, onDone }: { row: number; onClose: () => void; onDone: () => void }) {
  const packet = usePacket(row);
  if (packet.source === null) return null;
  return <DenySheet packet={packet.row} source={packet.source} onClose={onClose} onDone={onDone} />;
}

/** The picked row is held still, so what it says does not change. */
function usePacket(row: number): { row: ReturnType<typeof packetRow>; source: PacketSource | null } {
  const { store } = useLive();
  return useMemo(() => {
    const { rows, interfaceName } = store.picture;
    const { view, index } = rows.shown.read(row);
    const packet = packetRow(view, index, interfaceName);
    return { row: packet, source: packetSource(view, index, packet) };
  }, [store, row]);
}
