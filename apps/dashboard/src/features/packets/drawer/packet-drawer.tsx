// biome-ignore-all lint/a11y/noNoninteractiveElementInteractions: arrow keys move between packets wherever the focus is
'use client';

import type { ExplainedKey } from '@packetlog/common';
import { Ban, ChevronDown, ChevronUp, Copy, X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useRef } from 'react';
import { ABSENT } from '../../../text/number.ts';
import { endpointText } from '../../../text/row-text.ts';
import { IconButton } from '../../../ui/icon-button.tsx';
import { VerdictMark } from '../../../ui/marks.tsx';
import type { PacketSelection } from '../selection/use-packet-selection.ts';
import { Field } from './field.tsx';
import { packetTitle } from './packet-title.ts';
import { type PacketDetail, usePacketDetail } from './use-packet-detail.ts';
import '../../../ui/sheet.css';
import './packet-drawer.css';

const SECTIONS: readonly { readonly title: string; readonly keys: readonly ExplainedKey[] }[] = [
  { title: 'Verdict', keys: ['time', 'action', 'reason', 'rule', 'weight'] },
  {
    title: 'Source and destination',
    keys: ['source', 'source_port', 'destination', 'destination_port', 'protocol', 'tcp_flags', 'icmp'],
  },
  { title: 'Frame', keys: ['interface', 'vlan', 'ether_type', 'length'] },
];

/** Details of the selected packet, beside the table. Not modal, so that arrow keys move from row to row. */
export function PacketDrawer({ row, selection }: { row: number; selection: PacketSelection }) {
  const detail = usePacketDetail(row);
  const titleId = useId();
  const drawer = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    drawer.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? -1 : event.key === 'ArrowUp' ? 1 : 0;
    if (step === 0 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    selection.step(step);
  };
  if (detail === null) return null;
  return (
    <section
      ref={drawer}
      className="packet-drawer"
      aria-labelledby={titleId}
      data-testid="packet-drawer"
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      <header className="sheet-head packet-drawer-head">
        <div className="min-w-0" aria-live="polite">
          <h2 id={titleId} className="sheet-title packet-drawer-title">
            <VerdictMark verdict={detail.row.verdict} />
            {packetTitle(detail.row)}
          </h2>
          <Endpoints detail={detail} />
        </div>
        <div className="packet-drawer-steps">
          <IconButton label="Next newer packet" shortcut="↑" onClick={() => selection.step(1)}>
            <ChevronUp size={15} aria-hidden="true" />
          </IconButton>
          <IconButton label="Next older packet" shortcut="↓" onClick={() => selection.step(-1)}>
            <ChevronDown size={15} aria-hidden="true" />
          </IconButton>
          <IconButton label="Close the packet" shortcut="Esc" onClick={selection.hide}>
            <X size={14} aria-hidden="true" />
          </IconButton>
        </div>
      </header>
      <div className="packet-drawer-body">
        {SECTIONS.map(({ title, keys }) => (
          <section key={title} aria-label={title}>
            <h3 className="packet-drawer-section">{title}</h3>
            <dl>
              {keys.map((key) => {
                const field = detail.fields.find((each) => each.key === key);
                return field === undefined ? null : <Field key={key} field={field} detail={detail} />;
              })}
            </dl>
          </section>
        ))}
      </div>
      <footer className="packet-drawer-foot">
        <button
          type="button"
          className="button deny-button"
          aria-keyshortcuts="d"
          title="Deny its source (d)"
          onClick={selection.deny}
        >
          <Ban size={12} aria-hidden="true" />
          Deny…
        </button>
        <button
          type="button"
          className="button push"
          title="Copy as a line of text (c)"
          onClick={() => selection.copy('text')}
        >
          <Copy size={12} aria-hidden="true" />
          Copy
        </button>
        <button type="button" className="button" title="Copy as JSON (Shift C)" onClick={() => selection.copy('json')}>
          <Copy size={12} aria-hidden="true" />
          JSON
        </button>
      </footer>
    </section>
  );
}

function Endpoints({ detail: { row } }: { detail: PacketDetail }) {
  const { src, dst, interface: arrived } = row;
  return (
    <p className="sheet-note packet-endpoints font-mono">
      {src.addr === ABSENT ? (
        `on ${arrived}`
      ) : (
        <>
          {endpointText(src)} <span className="text-faint inline-block">→ {endpointText(dst)}</span>
        </>
      )}
    </p>
  );
}
