'use client';

import { formatCompact } from '../lib/number.ts';
import type { TopEntry } from '../lib/top.ts';
import { useSnapshot } from '../live/live-context.tsx';
import { Measure } from './count.tsx';
import { RefusedBy } from './refused-by.tsx';
import './panels.css';

const PANELS = [
  { key: 'sources', title: 'Top sources', column: 'source', empty: 'No source yet.' },
  { key: 'ports', title: 'Top destination ports', column: 'port', empty: 'No port yet.' },
  { key: 'protocols', title: 'Protocols', column: 'protocol', empty: 'No packet yet.' },
] as const;

/** Who sends most, where to, and what, over the last seconds. */
export function TopPanels() {
  const top = useSnapshot(({ figures }) => figures.top);
  const span = `last ${Math.max(1, Math.round(top.seconds))} s`;
  return (
    <>
      <RefusedBy />
      {PANELS.map(({ key, title, column, empty }) => (
        <TopPanel key={key} title={title} span={span} column={column} empty={empty} entries={top[key]} />
      ))}
    </>
  );
}

function TopPanel({
  title,
  span,
  column,
  empty,
  entries,
}: {
  title: string;
  span: string;
  column: string;
  empty: string;
  entries: readonly TopEntry[];
}) {
  // Bars compare the entries with each other; the share of all is in words.
  const largest = entries[0]?.share || 1;
  return (
    <section className="panel" aria-label={title}>
      <h2 className="panel-title">
        {title}
        <span className="text-faint font-normal">{entries.length > 0 ? span : ''}</span>
      </h2>
      {entries.length === 0 ? (
        <p className="panel-empty">{empty}</p>
      ) : (
        <table className="top">
          <caption className="sr-only">{title}</caption>
          <colgroup>
            <col />
            <col className="w-[68px]" />
            <col className="w-[66px]" />
          </colgroup>
          <thead className="sr-only">
            <tr>
              <th scope="col">{column}</th>
              <th scope="col">share</th>
              <th scope="col">packets per second</th>
            </tr>
          </thead>
          <tbody>
            {entries.map(({ key, label, note, packetsPerSecond, share }) => (
              <tr key={key}>
                <th scope="row" title={label}>
                  <span className="font-mono">{label}</span> <span className="text-faint">{note}</span>
                </th>
                <td className="top-share">
                  <span className="top-bar" style={{ width: `${Math.max((share / largest) * 100, 2)}%` }} />
                  <span className="sr-only">{percent(share)}</span>
                </td>
                <td className="top-rate" title={percent(share)}>
                  <Measure quantity={formatCompact(packetsPerSecond)} exact={packetsPerSecond} per="/s" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 1 ? '<1' : Math.round(value)} %`;
}
