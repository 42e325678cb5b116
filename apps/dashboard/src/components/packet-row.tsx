// biome-ignore-all lint/a11y/useSemanticElements: windowed rows stand at absolute places, which table elements cannot; the roles say what they are
// biome-ignore-all lint/a11y/useFocusableInteractive: rows and headers of a plain table are not interactive; nothing here is to be focused but the part that scrolls
'use client';

import { clsx } from 'clsx';
import { clockMillisText } from '../lib/clock.ts';
import { type Marker, readMarker } from '../lib/marker.ts';
import { markerSentence } from '../lib/marker-words.ts';
import { ABSENT } from '../lib/number.ts';
import type { RecordRing } from '../lib/record-ring.ts';
import { type Endpoint, packetRow } from '../lib/row.ts';
import { LossMark, VerdictMark } from './marks.tsx';

interface PacketRowProps {
  readonly ring: RecordRing;
  /** Number of the row in the ring. */
  readonly row: number;
  /** Distance from the top of the table, px. */
  readonly top: number;
  /** Position among all rows of the table, the header being 1. */
  readonly position: number;
  readonly selected: boolean;
  readonly interfaceName: (ifindex: number) => string | undefined;
}

/** One row, decoded here and now: what is not on the screen is never text. */
export function TableRow({ ring, row, top, position, selected, interfaceName }: PacketRowProps) {
  const marker = readMarker(ring.slotBytes(row));
  if (marker !== null) return <MarkerRow marker={marker} top={top} position={position} />;
  const { view, index } = ring.read(row);
  const packet = packetRow(view, index, interfaceName);
  return (
    <div
      role="row"
      aria-rowindex={position}
      className="row"
      data-testid="live-row"
      data-verdict={packet.verdict}
      {...(selected && { 'aria-current': true })}
      style={{ top }}
    >
      <span role="cell" className="cell-time" data-field="timestamp_ns">
        {packet.time}
      </span>
      <span role="cell" className="cell-action" data-field="action">
        <VerdictMark verdict={packet.verdict} />
        <span className="action-word">{packet.action}</span>
      </span>
      <EndpointCell name="src" endpoint={packet.src} />
      <EndpointCell name="dst" endpoint={packet.dst} />
      <TextCell name="protocol" field="ip_protocol" text={packet.protocol} />
      <TextCell name="detail" field="tcp_flags" text={packet.detail} />
      <TextCell name="length" field="length" text={packet.length} />
      <TextCell name="interface" field="interface" text={packet.interface} />
      <TextCell name="vlan" field="vlan_id" text={packet.vlan} />
      {packet.ruleId === 0 ? (
        <TextCell name="reason" field="reason" text={packet.reason} />
      ) : (
        <span role="cell" className="cell-reason" data-field="reason">
          <a href={ruleAddress(packet.ruleId)} className="rule-link" data-rule={packet.ruleId} tabIndex={-1}>
            {packet.reason}
          </a>
        </span>
      )}
    </div>
  );
}

/** Where the rules page shows one rule. A plain link: the table sees to a press on it, a new tab sees to itself. */
export function ruleAddress(id: number): string {
  return `/rules?rule=${id}`;
}

function TextCell({ name, field, text }: { name: string; field: string; text: string }) {
  return (
    <span role="cell" className={clsx(`cell-${name}`, text === ABSENT && 'absent')} data-field={field}>
      {text}
    </span>
  );
}

/** A long address gives way, its port never does. */
function EndpointCell({ name, endpoint }: { name: 'src' | 'dst'; endpoint: Endpoint }) {
  const { addr, port, bracketed } = endpoint;
  return (
    <span role="cell" className={clsx(`cell-endpoint cell-${name}`, addr === ABSENT && 'absent')}>
      <span className="addr">
        {bracketed && <span className="text-faint">[</span>}
        <span data-field={`${name}_addr`}>{addr}</span>
      </span>
      {port !== '' && (
        <span className="port">
          {bracketed ? ']:' : ':'}
          <span data-field={`${name}_port`}>{port}</span>
        </span>
      )}
    </span>
  );
}

function MarkerRow({ marker, top, position }: { marker: Marker; top: number; position: number }) {
  const lost = marker.kind === 'lost';
  return (
    <div
      role="row"
      aria-rowindex={position}
      className={clsx('row row-marker', lost && 'hatched text-lost')}
      data-testid="live-marker"
      data-kind={marker.kind}
      style={{ top }}
    >
      <span role="cell" className="cell-time">
        {clockMillisText(marker.at_ms)}
      </span>
      <span role="cell" className="cell-marker" aria-colspan={9}>
        {lost && <LossMark lost />}
        {markerSentence(marker)}
      </span>
    </div>
  );
}
