'use client';

import { Download } from 'lucide-react';
import { useState } from 'react';
import { useLive } from '../../node/live-context.tsx';
import { useShownRange, useShowsPast } from '../../node/recorded/use-recorder.ts';
import { rangeText } from '../../text/calendar-text.ts';
import { spanText } from '../../text/clock.ts';
import { NO_FILTER } from '../../text/filter-text.ts';
import { counted, formatCount } from '../../text/number.ts';
import { Segments } from '../../ui/segments.tsx';
import { Sheet } from '../../ui/sheet.tsx';
import { lossText, MAX_EXPORT_ROWS, pageRowsText } from './export-text.ts';
import type { ExportFormat } from './file-name.ts';
import { recordsOfRing } from './record-buffer.ts';
import { type ExportState, useExport } from './use-export.ts';
import './export-sheet.css';

const NEXT = { value: 'next', label: 'new packets' } as const;
const SOURCES = [{ value: 'page', label: 'rows on this page' }, NEXT] as const;
const PAST_SOURCES = [{ value: 'past', label: 'recorded packets' }, NEXT] as const;
const SECONDS = ['5', '10', '30', '60'].map((value) => ({ value, label: `${value} s` }));
const FORMATS = [
  { value: 'ndjson', label: 'NDJSON' },
  { value: 'csv', label: 'CSV' },
  { value: 'pcapng', label: 'pcapng' },
] as const;
const FORMAT_HINTS: Readonly<Record<ExportFormat, string>> = {
  ndjson: 'One JSON object per line, with every field.',
  csv: 'For a spreadsheet; no cell is read as a formula.',
  pcapng: 'For Wireshark: headers rebuilt from the records and marked as such. Payloads are never recorded.',
};

/** Saves the rows of the page, or records new packets, into a file. */
export function ExportSheet({ onClose }: { onClose: () => void }) {
  const { store, filter } = useLive();
  const range = useShownRange();
  const isPast = useShowsPast();
  const { state, savePage, savePast, record, stop } = useExport();
  const [source, setSource] = useState<'page' | 'past' | 'next'>(isPast ? 'past' : 'page');
  const [seconds, setSeconds] = useState('10');
  const [format, setFormat] = useState<ExportFormat>('ndjson');
  const [here] = useState(() => {
    const { records } = recordsOfRing(store.state.rows.shown);
    return { rows: records.length, summary: pageRowsText(records.length, records.span) };
  });
  const { rowLimit: limit, sampledOneOf, wallMs } = store.getSnapshot().figures;
  const submitText = { page: `Save ${counted(here.rows, 'row')}`, past: 'Save the range', next: `Record ${seconds} s` };
  const nothing = source === 'page' && here.rows === 0;
  const busy = ['recording', 'reading', 'saving'].includes(state.step);
  return (
    <Sheet
      title="Export packets"
      note={
        filter.text === NO_FILTER ? (
          'No filter: all packets.'
        ) : (
          <span className="font-mono break-all">{filter.text}</span>
        )
      }
      onClose={onClose}
    >
      <form
        className="contents"
        onSubmit={(event) => {
          event.preventDefault();
          if (busy || nothing) return;
          if (source === 'page') void savePage(format);
          else if (source === 'past' && range !== null) void savePast(format, range);
          else record(format, Number(seconds) * 1000);
        }}
      >
        <fieldset className="sheet-body" disabled={busy}>
          <legend className="sr-only">What to export</legend>
          <div>
            <Segments label="Packets" segments={isPast ? PAST_SOURCES : SOURCES} value={source} onChange={setSource} />
            <p className="field-hint">
              {source === 'page' && pageHint(here.summary, limit)}
              {source === 'past' &&
                range !== null &&
                `All of ${rangeText(range, wallMs)}${filter.text === NO_FILTER ? '' : ' that match the filter'}, at most the newest ${formatCount(MAX_EXPORT_ROWS)}.`}
              {source === 'next' &&
                `Requested from the loader separately, without this page's row limit, also while the page is paused. At most ${formatCount(MAX_EXPORT_ROWS)} rows.`}
            </p>
          </div>
          {sampledOneOf > 1 && source !== 'past' && (
            <p className="text-warn">
              In the last second the kernel recorded 1 of {formatCount(sampledOneOf)} packets: the weight of a row is
              the number of packets that it represents.
            </p>
          )}
          {source === 'next' && <Segments label="Duration" segments={SECONDS} value={seconds} onChange={setSeconds} />}
          <div>
            <Segments label="Format" segments={FORMATS} value={format} onChange={setFormat} />
            <p className="field-hint">{FORMAT_HINTS[format]}</p>
          </div>
        </fieldset>
        <footer className="sheet-foot">
          <Progress state={state} forMs={Number(seconds) * 1000} />
          <button type="button" className="button push" onClick={onClose}>
            {state.step === 'saved' ? 'Close' : 'Cancel'}
          </button>
          {state.step === 'recording' || state.step === 'reading' ? (
            <button type="button" className="button button-primary" data-testid="export-stop" onClick={stop}>
              Stop and save
            </button>
          ) : (
            <button
              type="submit"
              className="button button-primary"
              data-testid="export-submit"
              disabled={busy || nothing}
            >
              <Download size={13} aria-hidden="true" />
              {submitText[source]}
            </button>
          )}
        </footer>
      </form>
    </Sheet>
  );
}

function pageHint(summary: string, limit: number | null): string {
  return limit === null
    ? summary
    : `${summary} This page gets at most ${formatCount(limit)} rows/s and keeps the newest.`;
}

function Progress({ state, forMs }: { state: ExportState; forMs: number }) {
  return (
    <>
      {state.step === 'recording' && (
        <div className="sheet-preview export-progress" data-testid="export-progress">
          <progress aria-label="Recorded so far" max={forMs} value={state.forMs} />
          <p>
            {state.forMs === 0 ? (
              'Waiting for the loader.'
            ) : (
              <>
                <data className="font-mono" value={state.rows} data-value={state.rows} data-testid="export-rows">
                  {formatCount(state.rows)}
                </data>{' '}
                rows in {spanText(state.forMs)} of {spanText(forMs)}. {lossText(state.loss)}
              </>
            )}
          </p>
        </div>
      )}
      {state.step === 'reading' && (
        <p className="sheet-preview" data-testid="export-reading">
          <span className="font-mono">{formatCount(state.rows)}</span> packets read.
        </p>
      )}
      <div
        role="status"
        className={['choosing', 'recording', 'reading'].includes(state.step) ? 'sr-only' : 'sheet-preview'}
      >
        {state.step === 'recording' && 'Recording.'}
        {state.step === 'reading' && 'Reading recorded packets.'}
        {state.step === 'saving' && 'Writing the file.'}
        {state.step === 'rejected' && <p className="text-warn">Nothing was saved: {state.message}</p>}
        {state.step === 'saved' && (
          <div data-testid="export-saved">
            <p className="font-mono break-all">{state.name}</p>
            <p>{state.summary}</p>
          </div>
        )}
      </div>
    </>
  );
}
