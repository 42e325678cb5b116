// biome-ignore-all lint/a11y/useSemanticElements: windowed rows are positioned absolutely, which table elements do not allow; ARIA roles describe them
// biome-ignore-all lint/a11y/useFocusableInteractive: rows of a plain table are not interactive; the scroll container takes the focus
'use client';

import { clsx } from 'clsx';
import { VerdictMark } from '../../ui/marks.tsx';
import { type Paint, packetCell } from '../packets/index.ts';
import { Cells, CountCell, GoneLine, type LineProps } from './line-parts.tsx';
import type { ListedScan } from './listed-scan.ts';
import { scanRow } from './scan-row.ts';
import { presentMembers } from './scan-sums.ts';

/** One line for a scan, which opens to its conversations. */
export function ScanLine({
  conversations,
  scan,
  open,
  current,
  paint,
  top,
  position,
  interfaceName,
}: LineProps & { readonly scan: ListedScan }) {
  const row = scanRow(conversations, scan, interfaceName);
  if (row === null) return <GoneLine top={top} position={position} what="scan" />;
  const { packet, verdicts, note } = row;
  const colour = paint === null ? null : sharedColour(paint, conversations, scan);
  const verdict = verdicts.length === 1 ? verdicts[0] : 'mixed';
  return (
    <div
      role="row"
      aria-rowindex={position}
      className="row conversation"
      data-testid="scan-line"
      data-serial={scan.serial}
      data-packets={row.packets}
      data-verdict={verdict}
      data-open={open}
      {...(current && { 'aria-current': true })}
      {...(colour !== null && { 'data-paint': colour.colour, title: colour.text })}
      style={{ top }}
    >
      <Cells packet={packet} columns={['time']} />
      {verdict === 'mixed' ? (
        <span role="cell" className="cell-action" data-field="action">
          <span className="scan-marks">
            {verdicts.slice(0, 2).map((each) => (
              <VerdictMark key={each} verdict={each} />
            ))}
          </span>
          <span className="action-word">mixed</span>
        </span>
      ) : (
        packetCell('action', packet, [])
      )}
      <Cells packet={packet} columns={['src', 'dst', 'protocol']} />
      <CountCell count={row.count} open={open} opensTo="its conversations" filter={row.filter} what="scan" />
      <span role="cell" className="cell-bytes" data-field="bytes">
        {row.bytes}
      </span>
      <span role="cell" className="cell-scan" aria-colspan={2}>
        <span className="scan-protocol">{packet.protocol} </span>
        {row.scan}
        {note !== '' && <span className={clsx('scan-note', verdict !== 'mixed' && 'cell-reason')}>, {note}</span>}
      </span>
    </div>
  );
}

/** Returns the colour that all its conversations have; null if they differ. */
function sharedColour(paint: Paint, conversations: LineProps['conversations'], scan: ListedScan) {
  const colours = presentMembers(conversations, scan).map((index) => paint(conversations.newest, index));
  const [first = null] = colours;
  return colours.every((colour) => colour?.colour === first?.colour) ? first : null;
}
