'use client';

import type { Interface, InterfaceLedger } from '@packetlog/common';
import { useSnapshot } from '../live/live-context.tsx';
import { Count } from './count.tsx';
import { MODE_WORDS, modeTitle } from './status-strip.tsx';

type Column = keyof InterfaceLedger;

const COLUMNS: readonly { key: Column; label: string; title: string; onlyAboveZero?: true }[] = [
  { key: 'seen', label: 'seen', title: 'Packets that reached the hook: permitted + denied + aborted' },
  { key: 'permitted', label: 'permitted', title: 'Packets that were passed on to the system' },
  { key: 'denied', label: 'denied', title: 'Packets that were dropped, by a rule or by the default policy' },
  { key: 'aborted', label: 'aborted', title: 'Packets dropped because of an error of the program itself', onlyAboveZero: true },
  { key: 'bytes', label: 'bytes', title: 'Bytes of all frames, as the hook sees them' },
  { key: 'emitted', label: 'emitted', title: 'Packets that got a row: seen − sampled out − filtered out − ring full' },
  { key: 'sampled_out', label: 'sampled out', title: 'Packets without a row of their own, because of sampling', onlyAboveZero: true },
  { key: 'filtered_out', label: 'filtered out', title: 'Packets without a row, because of the filter', onlyAboveZero: true },
  { key: 'ring_full', label: 'ring full', title: 'Packets whose row was lost because the ring was full' },
];

const TONE: Partial<Record<Column, string>> = {
  denied: 'text-deny',
  aborted: 'text-malformed',
  ring_full: 'text-lost hatched',
};

/** The kernel's own counters, since the loader started: exact, whatever happens to the rows. */
export function KernelTotals() {
  const ledger = useSnapshot(({ figures }) => figures.ledger);
  if (ledger === null) return null;
  const { interfaces } = ledger;
  const columns = COLUMNS.filter(
    ({ key, onlyAboveZero }) => onlyAboveZero === undefined || interfaces.some(({ counters }) => counters[key] > 0),
  );
  const sum = (key: Column) => interfaces.reduce((total, { counters }) => total + counters[key], 0);
  return (
    <section className="totals" aria-label="Totals from the kernel">
      <table className="ledger">
        <caption className="sr-only">Counted in the kernel since the loader started</caption>
        <thead>
          <tr>
            <th scope="col">
              <span className="text-muted">Kernel totals</span>
            </th>
            {columns.map(({ key, label, title }) => (
              <th key={key} scope="col" title={title}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {interfaces.map((entry) => (
            <tr key={entry.name}>
              <InterfaceCell entry={entry} />
              {columns.map(({ key }) => (
                <CounterCell key={key} column={key} value={entry.counters[key]} alone={interfaces.length === 1} />
              ))}
            </tr>
          ))}
          {interfaces.length > 1 && (
            <tr className="ledger-sum">
              <th scope="row">all</th>
              {columns.map(({ key }) => (
                <CounterCell key={key} column={key} value={sum(key)} alone />
              ))}
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}

function InterfaceCell({ entry }: { entry: Interface }) {
  const gone = entry.state === 'gone';
  return (
    <th scope="row" title={modeTitle(entry)}>
      <span className={`font-mono ${gone ? 'line-through text-faint' : ''}`}>{entry.name}</span>{' '}
      <span className={gone ? 'text-warn' : 'text-faint'}>{gone ? 'gone' : MODE_WORDS[entry.mode]}</span>
    </th>
  );
}

/** `alone`: this row is the sum over all interfaces, also where there is only one. */
function CounterCell({ column, value, alone }: { column: Column; value: number; alone: boolean }) {
  const tone = value > 0 ? (TONE[column] ?? '') : 'text-faint';
  return (
    <td className={tone}>
      {alone && column === 'seen' ? <Count value={value} testId="total-seen" /> : <Count value={value} />}
    </td>
  );
}
