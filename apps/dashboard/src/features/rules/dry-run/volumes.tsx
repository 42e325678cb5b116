import { formatCount } from '../../../text/number.ts';
import { percentText } from './dry-run-text.ts';

const MAX_ROWS = 8;

/** Packets by source, port or kind of traffic, the largest first. */
export function Volumes({
  title,
  total,
  rows,
  maxRows = MAX_ROWS,
}: {
  title: string;
  total: number;
  rows: readonly { key: string; name: string; note: string; packets: number }[];
  maxRows?: number;
}) {
  if (rows.length === 0) return null;
  return (
    <table className="report-table">
      <caption>
        {title}
        {rows.length > maxRows && <span className="text-faint"> the first {maxRows}</span>}
      </caption>
      <tbody>
        {rows.slice(0, maxRows).map(({ key, name, note, packets }) => (
          <tr key={key}>
            <th scope="row">
              <span className="font-mono">{name}</span> <span className="text-faint">{note}</span>
            </th>
            <td className="font-mono">{formatCount(packets)}</td>
            <td className="text-faint">{total === 0 ? '' : percentText(packets / total)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
