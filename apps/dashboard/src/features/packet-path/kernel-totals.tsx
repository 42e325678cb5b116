'use client';

import type { InterfaceLedger } from '@packetlog/common';
import { useSnapshot } from '../../node/live-context.tsx';
import { modeText, modeTitle } from '../../text/attach-mode-text.ts';
import { VERDICT_TEXT } from '../../text/verdict-text.ts';
import { Count } from '../../ui/count.tsx';
import { useMedia } from '../../ui/measure/use-media.ts';
import { type LedgerLine, ledgerLines } from './ledger-lines.ts';
import './ledgers.css';

type Counter = keyof InterfaceLedger;

interface CounterColumn {
  readonly key: Counter;
  readonly label: string;
  readonly title: string;
  readonly tone?: string;
  /** Omitted while it is 0 on every interface. */
  readonly rare?: true;
}

const { permit, deny, aborted } = VERDICT_TEXT;

const COUNTERS: readonly CounterColumn[] = [
  { key: 'seen', label: 'seen', title: 'Packets that reached the hook: permitted + denied + aborted' },
  { key: 'permitted', label: permit.label, title: permit.meaning },
  { key: 'denied', label: deny.label, title: deny.meaning, tone: 'text-deny' },
  {
    key: 'aborted',
    label: aborted.label,
    title: aborted.meaning,
    tone: 'text-malformed',
    rare: true,
  },
  { key: 'bytes', label: 'bytes', title: 'Bytes of all frames, as the hook sees them' },
  {
    key: 'emitted',
    label: 'recorded',
    title: 'Packets written to a ring: seen − sampled out − not recorded − ring full',
  },
  {
    key: 'sampled_out',
    label: 'sampled out',
    title: 'Packets not recorded because of sampling',
    rare: true,
  },
  { key: 'filtered_out', label: 'not recorded', title: 'Packets not recorded because of --count-only', rare: true },
  {
    key: 'ring_full',
    label: 'ring full',
    title: 'Records lost because the ring was full',
    tone: 'hatched text-lost',
  },
];

/** Kernel counters since the loader started: exact, independent of rows. */
export function KernelTotals() {
  const ledger = useSnapshot(({ figures }) => figures.ledger);
  const wide = useMedia('(min-width: 900px)');
  if (ledger === null) return null;
  const lines = ledgerLines(ledger);
  const isZero = (key: Counter) => lines.every(({ counters }) => counters[key] === 0);
  const counters = COUNTERS.filter(({ key, rare }) => rare === undefined || !isZero(key));
  const Table = wide ? LinePerInterface : LinePerCounter;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls with many interfaces or long numbers
    <section className="totals" aria-label="Totals from the kernel" tabIndex={0}>
      <Table lines={lines} counters={counters} />
    </section>
  );
}

interface TableProps {
  readonly lines: readonly LedgerLine[];
  readonly counters: readonly CounterColumn[];
}

function LinePerInterface({ lines, counters }: TableProps) {
  return (
    <table className="ledger">
      <Caption />
      <thead>
        <tr>
          <th scope="col" className="ledger-title">
            Kernel totals
          </th>
          {counters.map(({ key, label, title }) => (
            <th key={key} scope="col" title={title}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.name} className={line.isSum ? 'ledger-sum' : ''}>
            <th scope="row">
              <LineName line={line} />
            </th>
            {counters.map((column) => (
              <CounterCell key={column.key} line={line} column={column} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function LinePerCounter({ lines, counters }: TableProps) {
  return (
    <table className="ledger ledger-transposed">
      <Caption />
      <thead>
        <tr>
          <th scope="col" className="ledger-title">
            Kernel totals
          </th>
          {lines.map((line) => (
            <th key={line.name} scope="col">
              <LineName line={line} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {counters.map((column) => (
          <tr key={column.key}>
            <th scope="row" title={column.title}>
              {column.label}
            </th>
            {lines.map((line) => (
              <CounterCell key={line.name} line={line} column={column} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Caption() {
  return <caption className="sr-only">Counted in the kernel since the loader started</caption>;
}

function LineName({ line: { name, entry, title } }: { line: LedgerLine }) {
  if (entry === null) {
    return (
      <span className="text-muted" title={title}>
        {name}
      </span>
    );
  }
  const gone = entry.state !== 'attached';
  return (
    <span title={modeTitle(entry)}>
      <span className={`font-mono ${gone ? 'line-through text-faint' : 'text-fg'}`}>{name}</span>
      <span className={`ml-1.5 ${gone ? 'text-warn' : 'text-faint'}`}>{modeText(entry)}</span>
    </span>
  );
}

function CounterCell({ line, column: { key, tone } }: { line: LedgerLine; column: CounterColumn }) {
  const value = line.counters[key];
  return (
    <td>
      <span className={value === 0 ? 'text-faint' : tone}>
        <Count value={value} />
      </span>
    </td>
  );
}
