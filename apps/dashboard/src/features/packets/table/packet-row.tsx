// biome-ignore-all lint/a11y/useSemanticElements: windowed rows are positioned absolutely, which table elements do not allow; ARIA roles describe them
// biome-ignore-all lint/a11y/useFocusableInteractive: rows and headers of a plain table are not interactive; only the scroll container takes the focus
'use client';

import { clsx } from 'clsx';
import dynamic from 'next/dynamic';
import { Fragment, type ReactNode } from 'react';
import { lazyWithRetry } from '../../../node/lazy-with-retry.ts';
import { useRows } from '../../../node/recorded/rows-context.tsx';
import { type Marker, readMarker } from '../../../node/rows/marker.ts';
import type { RecordRing } from '../../../node/rows/record-ring.ts';
import { shortDateText } from '../../../text/calendar-text.ts';
import { clockMillisText } from '../../../text/clock.ts';
import { ABSENT } from '../../../text/number.ts';
import { type Endpoint, type PacketRow, packetRow } from '../../../text/row-text.ts';
import { ruleAddress } from '../../../text/rule-address.ts';
import { LossMark, VerdictMark } from '../../../ui/marks.tsx';
import type { Paint } from '../row-colours/colour-rules.ts';
import type { ColumnKey } from './columns.ts';
import { markerSentence } from './marker-text.ts';

/** Most tables have no column that is looked up. */
const LookupCell = dynamic(
  () => lazyWithRetry(() => import('./lookup-cell.tsx')).then(({ LookupCell: Cell }) => Cell),
  { ssr: false, loading: () => <span role="cell" /> },
);

interface PacketRowProps {
  readonly ring: RecordRing;
  /** Row number. */
  readonly row: number;
  /** Distance from the top of the table, px. */
  readonly top: number;
  /** Position among all rows of the table; the header is 1. */
  readonly position: number;
  readonly selected: boolean;
  readonly columns: readonly ColumnKey[];
  readonly paint: Paint | null;
  readonly interfaceName: (ifindex: number) => string | undefined;
}

/** A row, decoded when it is drawn: rows off screen are never decoded. */
export function TableRow({ ring, row, top, position, selected, columns, paint, interfaceName }: PacketRowProps) {
  const marker = readMarker(ring.slotBytes(row));
  if (marker !== null) return <MarkerRow marker={marker} top={top} position={position} columns={columns.length} />;
  const { view, index } = ring.read(row);
  const packet = packetRow(view, index, interfaceName);
  const colour = paint?.(view, index) ?? null;
  return (
    <div
      role="row"
      aria-rowindex={position}
      className="row"
      data-testid="live-row"
      data-verdict={packet.verdict}
      {...(selected && { 'aria-current': true })}
      {...(colour !== null && { 'data-paint': colour.colour, title: colour.text })}
      style={{ top }}
    >
      {columns.map((key) => (
        <Fragment key={key}>{packetCell(key, packet, columns)}</Fragment>
      ))}
    </div>
  );
}

/** Renders the cell of a column. A port is shown with its address unless it has its own column. */
export function packetCell(key: ColumnKey, packet: PacketRow, columns: readonly ColumnKey[]): ReactNode {
  switch (key) {
    case 'time':
      return <TimeCell packet={packet} />;
    case 'action':
      return (
        <span role="cell" className="cell-action" data-field="action">
          <VerdictMark verdict={packet.verdict} />
          <span className="action-word">{packet.action}</span>
        </span>
      );
    case 'src':
      return <EndpointCell name="src" endpoint={packet.src} withPort={!columns.includes('src_port')} />;
    case 'dst':
      return (
        <EndpointCell
          name="dst"
          endpoint={packet.dst}
          withPort={!columns.includes('dst_port')}
          service={packet.service}
        />
      );
    case 'src_port':
      return <TextCell name={key} field={key} text={packet.src.port || ABSENT} />;
    case 'dst_port':
      return <TextCell name={key} field={key} text={packet.dst.port || ABSENT} />;
    case 'protocol':
      return <TextCell name={key} field="ip_protocol" text={packet.protocol} />;
    case 'detail':
      return <TextCell name={key} field="tcp_flags" text={packet.detail} />;
    case 'length':
      return <TextCell name={key} field={key} text={packet.length} />;
    case 'interface':
      return <TextCell name={key} field={key} text={packet.interface} />;
    case 'vlan':
      return <TextCell name={key} field="vlan_id" text={packet.vlan} />;
    case 'ether_type':
      return <TextCell name={key} field={key} text={packet.etherType} />;
    case 'weight':
      return <TextCell name={key} field={key} text={packet.weight} />;
    case 'rule':
      return <RuleCell name={key} field="rule_id" id={packet.ruleId} text={packet.rule} />;
    case 'process':
    case 'country':
    case 'name':
      return <LookupCell column={key} packet={packet} />;
    case 'reason':
      return <RuleCell name={key} field={key} id={packet.ruleId} text={packet.reason} />;
  }
}

/** Links to the rule, if there is one. */
function RuleCell({ name, field, id, text }: { name: string; field: string; id: number; text: string }) {
  if (id === 0) return <TextCell name={name} field={field} text={text} />;
  return (
    <span role="cell" className={`cell-${name}`} data-field={field}>
      <a href={ruleAddress(id)} className="rule-link" data-rule={id} tabIndex={-1}>
        {text}
      </a>
    </span>
  );
}

/** The time of day; with the day, if the rows are of several days. */
function TimeCell({ packet: { time, timeMs } }: { packet: PacketRow }) {
  const { isOfDays = false } = useRows();
  return <TextCell name="time" field="timestamp_ns" text={isOfDays ? `${shortDateText(timeMs)} ${time}` : time} />;
}

function TextCell({ name, field, text }: { name: string; field: string; text: string }) {
  return (
    <span role="cell" className={clsx(`cell-${name}`, text === ABSENT && 'absent')} data-field={field}>
      {text}
    </span>
  );
}

/** Renders an address with its port. A long address is cut, the port never; the service is shown if there is room. */
function EndpointCell({
  name,
  endpoint,
  withPort,
  service = '',
}: {
  name: 'src' | 'dst';
  endpoint: Endpoint;
  withPort: boolean;
  service?: string;
}) {
  const { addr } = endpoint;
  const port = withPort ? endpoint.port : '';
  const bracketed = withPort && endpoint.bracketed;
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
      {port !== '' && service !== '' && <span className="service">{service}</span>}
    </span>
  );
}

function MarkerRow({
  marker,
  top,
  position,
  columns,
}: {
  marker: Marker;
  top: number;
  position: number;
  columns: number;
}) {
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
      <span role="cell" className="cell-marker" aria-colspan={Math.max(1, columns - 1)}>
        {lost && <LossMark lost />}
        {markerSentence(marker)}
      </span>
    </div>
  );
}
