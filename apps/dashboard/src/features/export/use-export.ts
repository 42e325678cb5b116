'use client';

import { useEffect, useRef, useState } from 'react';
import { useLive } from '../../node/live-context.tsx';
import type { TimeSpan } from '../../node/past/past.ts';
import { saveFile } from '../../ui/save-file.ts';
import { encodeRecords } from './encode-records.ts';
import {
  type ExportEnd,
  type ExportLoss,
  MAX_EXPORT_ROWS,
  NOTHING_LOST,
  pastText,
  recordedText,
  savedText,
} from './export-text.ts';
import { type ExportFormat, exportName } from './file-name.ts';
import { readRange } from './read-range.ts';
import { type RecordBuffer, recordsOfRing } from './record-buffer.ts';
import { Recording } from './recording.ts';

const PROGRESS_EVERY_MS = 250;
/** Loaders report losses once a second. */
const LEDGER_WITHIN_MS = 1200;

export type ExportState =
  | { readonly step: 'choosing' }
  | { readonly step: 'recording'; readonly rows: number; readonly loss: ExportLoss; readonly forMs: number }
  /** Reading recorded packets. */
  | { readonly step: 'reading'; readonly rows: number }
  | { readonly step: 'saving' }
  | { readonly step: 'saved'; readonly name: string; readonly summary: string }
  | { readonly step: 'rejected'; readonly message: string };

export interface Export {
  readonly state: ExportState;
  /** Saves the rows of the table, including those outside the view. */
  readonly savePage: (format: ExportFormat) => Promise<void>;
  /** Saves the recorded packets of a range that match the filter. */
  readonly savePast: (format: ExportFormat, range: TimeSpan) => Promise<void>;
  /** Records new packets for `forMs`. */
  readonly record: (format: ExportFormat, forMs: number) => void;
  readonly stop: () => void;
}

interface ToSave {
  readonly records: RecordBuffer;
  readonly nameOf: (ifindex: number) => string | undefined;
  /** Describes the file; called when it is complete. */
  readonly summary: () => string;
  /** Delay until losses are known. */
  readonly knownAfterMs?: number;
  readonly atMs: number;
}

/** Runs one export at a time; unmounting cancels it. */
export function useExport(): Export {
  const { store, filter, nodes, askPast } = useLive();
  const [state, setState] = useState<ExportState>({ step: 'choosing' });
  const stop = useRef<(end: ExportEnd) => void>(() => {});
  const cancel = useRef(() => {});
  useEffect(() => () => cancel.current(), []);

  const save = async (format: ExportFormat, { records, nameOf, summary, knownAfterMs = 0, atMs }: ToSave) => {
    setState({ step: 'saving' });
    const interfaceName = (ifindex: number) => nameOf(ifindex) ?? `interface ${ifindex}`;
    const [blob] = await Promise.all([
      encodeRecords(format, records, interfaceName, () => passed(0)),
      passed(knownAfterMs),
    ]);
    const node = store.getSnapshot().figures.hello?.node ?? '';
    const name = exportName(format, { node, atMs, filter: filter.text });
    saveFile(name, blob);
    setState({ step: 'saved', name, summary: summary() });
  };

  const record = (format: ExportFormat, forMs: number) => {
    const atMs = Date.now();
    const { loaders, view } = nodes.get();
    const shown = loaders.filter((loader) => loader === view);
    let ended = false;
    const release = () => {
      ended = true;
      clearInterval(timer);
      recording.close();
    };
    const end = (why: ExportEnd) => {
      if (ended) return;
      const { records, nameOf } = recording;
      release();
      const summary = () => recordedText(records.length, records.span, recording.loss, why);
      void save(format, { records, nameOf, summary, knownAfterMs: LEDGER_WITHIN_MS, atMs });
    };
    const recording = new Recording(shown.length > 0 ? shown : loaders, filter.text, {
      onEnd: end,
      onRejected: (message) => {
        if (ended) return;
        release();
        setState({ step: 'rejected', message });
      },
    });
    const timer = setInterval(() => {
      const { forMs: sofar, records, loss } = recording;
      if (sofar >= forMs) end('time');
      else setState({ step: 'recording', rows: records.length, loss, forMs: sofar });
    }, PROGRESS_EVERY_MS);
    stop.current = end;
    cancel.current = release;
    setState({ step: 'recording', rows: 0, loss: NOTHING_LOST, forMs: 0 });
  };

  const savePast = async (format: ExportFormat, range: TimeSpan) => {
    let ended = false;
    stop.current = () => {
      ended = true;
    };
    cancel.current = () => stop.current('stopped');
    setState({ step: 'reading', rows: 0 });
    try {
      const selection = { range, lastMs: 0, filter: filter.text };
      const onProgress = (rows: number) => setState({ step: 'reading', rows });
      const { records, nameOf, isCut, without } = await readRange(askPast, selection, MAX_EXPORT_ROWS, {
        onProgress,
        isOver: () => ended,
      });
      const why = ended ? 'stopped' : isCut ? 'limit' : 'complete';
      await save(format, {
        records,
        nameOf,
        summary: () => pastText(records.length, records.span, why, without),
        atMs: range.fromMs,
      });
    } catch (error) {
      setState({ step: 'rejected', message: error instanceof Error ? error.message : String(error) });
    }
  };

  const savePage = (format: ExportFormat) => {
    const { rows, interfaceName } = store.state;
    const { records, gaps } = recordsOfRing(rows.shown);
    const summary = () => savedText(records.length, records.span, gaps);
    return save(format, { records, nameOf: interfaceName, summary, atMs: Date.now() });
  };

  return { state, record, savePage, savePast, stop: () => stop.current('stopped') };
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
