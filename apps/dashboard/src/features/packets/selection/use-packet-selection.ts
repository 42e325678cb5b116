'use client';

import { useEffect, useState } from 'react';
import { ALL_NODES } from '../../../node/nodes.ts';
import { useRowState, useRows } from '../../../node/recorded/rows-context.tsx';
import { nextRow } from '../../../node/rows/next-row.ts';
import { useNodes } from '../../../node/use-nodes.ts';
import { packetRow } from '../../../text/row-text.ts';
import { useKeys } from '../../../ui/keys/keys.ts';
import { toasts } from '../../../ui/toast-store.ts';
import { loadDenyProblem, useMayChange, useRulesView } from '../../rules/index.ts';

export type CopyFormat = 'text' | 'json';

/** The selected packet and the actions on it, for buttons, keys and the palette. */
export interface PacketSelection {
  /** Number of the selected row; null without a selection. */
  readonly row: number | null;
  /** Whether the drawer is open. */
  readonly isShown: boolean;
  readonly isDenying: boolean;
  readonly show: () => void;
  readonly hide: () => void;
  /** Selects the next older (-1) or newer (1) packet, if there is one. */
  readonly step: (step: -1 | 1) => void;
  /** Opens the sheet to deny its source, or shows why that is not possible. */
  readonly deny: () => void;
  readonly stopDenying: () => void;
  readonly copy: (format: CopyFormat) => void;
  readonly clear: () => void;
}

export function usePacketSelection(): PacketSelection {
  const { rows, interfaceName, changed } = useRows();
  const row = useRowState(({ selected }) => selected);
  const mayChange = useMayChange();
  const enforces = useRulesView() !== null;
  const isAllNodes = useNodes().shown === ALL_NODES;
  const [isShown, setShown] = useState(false);
  const [isDenying, setDenying] = useState(false);
  useEffect(() => {
    if (row === null) setShown(false);
  }, [row]);

  const select = (next: number | null) => {
    rows.select(next);
    changed();
  };
  const clear = () => {
    setDenying(false);
    select(null);
  };
  const read = () => {
    if (row === null || !rows.has(row)) return null;
    const { view, index } = rows.shown.read(row);
    return { view, index, packet: packetRow(view, index, interfaceName) };
  };
  const deny = async () => {
    const found = read();
    if (found === null) return;
    const { denyProblem } = await loadDenyProblem();
    const why = denyProblem({ ...found, row: found.packet }, { isAllNodes, enforces, mayChange });
    if (why === '') setDenying(true);
    else toasts.show({ text: why, tone: 'problem' });
  };
  const copy = async (format: CopyFormat) => {
    const found = read();
    if (found === null) return;
    const { view, index, packet } = found;
    const { packetJson, packetLine } = await import('./packet-text.ts');
    const { copyText } = await import('../../../ui/clipboard.ts');
    const text =
      format === 'json' ? packetJson(view, index, packet.interface) : packetLine(packet, view.timestampNs(index));
    const copied = await copyText(text);
    toasts.show(
      copied
        ? { text: `Copied the packet as ${format === 'json' ? 'JSON' : 'a line of text'}.`, tone: 'done' }
        : { text: 'Not copied: the browser does not let this page write to the clipboard.', tone: 'problem' },
    );
  };
  const selection: PacketSelection = {
    row,
    isShown: isShown && row !== null,
    isDenying,
    show: () => setShown(true),
    hide: () => setShown(false),
    step: (step) => {
      const next = nextRow(rows.shown, row, step);
      if (next !== null) select(next);
    },
    deny: () => void deny(),
    stopDenying: () => setDenying(false),
    copy: (format) => void copy(format),
    clear,
  };
  useRowKeys(selection);
  return selection;
}

function useRowKeys({ row, isShown, show, hide, step, deny, copy, clear }: PacketSelection): void {
  const group = 'Packet';
  const shown = isShown
    ? [
        { keys: ['escape'], name: 'Close the packet', group, run: hide } as const,
        { keys: ['arrowdown'], name: 'Next older packet', group, run: () => step(-1), repeat: true } as const,
        { keys: ['arrowup'], name: 'Next newer packet', group, run: () => step(1), repeat: true } as const,
      ]
    : [
        { keys: ['enter'], name: 'Explain the selected packet', group, keywords: 'details fields', run: show } as const,
        { keys: ['escape'], name: 'Clear selection', group, run: clear } as const,
      ];
  const always = [
    {
      keys: ['d'],
      name: 'Deny the source of the selected packet…',
      group,
      keywords: 'deny drop block',
      run: deny,
    } as const,
    { keys: ['c'], name: 'Copy the selected packet as text', group, run: () => copy('text') } as const,
    { keys: ['shift+c'], name: 'Copy the selected packet as JSON', group, run: () => copy('json') } as const,
  ];
  useKeys('row', row === null ? [] : [...shown, ...always]);
}
