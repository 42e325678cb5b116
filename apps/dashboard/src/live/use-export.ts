'use client';

import { useEffect, useRef, useState } from 'react';
import { encodeRecords } from '../lib/export/encode.ts';
import { type ExportFormat, exportName } from '../lib/export/export-name.ts';
import { type ExportEnd, type ExportLoss, exportResult, NOTHING_LOST } from '../lib/export/export-words.ts';
import { type KeptRecords, keptFromRing } from '../lib/export/kept-records.ts';
import { useLive } from './live-context.tsx';
import { Recording } from './recording.ts';
import { saveFile } from './save-file.ts';

const PROGRESS_EVERY_MS = 250;

export type ExportState =
  | { readonly step: 'choosing' }
  | { readonly step: 'recording'; readonly rows: number; readonly loss: ExportLoss; readonly forMs: number }
  | { readonly step: 'saving' }
  | { readonly step: 'saved'; readonly name: string; readonly words: string }
  | { readonly step: 'refused'; readonly message: string };

export interface Export {
  readonly state: ExportState;
  /** The rows that the table shows or can be scrolled to. */
  readonly savePage: (format: ExportFormat) => Promise<void>;
  /** What comes from now on, for so long. */
  readonly record: (format: ExportFormat, forMs: number) => void;
  readonly stop: () => void;
}

interface ToSave {
  readonly records: KeptRecords;
  readonly nameOf: (ifindex: number) => string | undefined;
  readonly loss: ExportLoss;
  readonly end: ExportEnd;
  readonly atMs: number;
}

/** One export at a time; it is given up when the component goes. */
export function useExport(): Export {
  const { store, filter, nodes } = useLive();
  const [state, setState] = useState<ExportState>({ step: 'choosing' });
  const stop = useRef<(end: ExportEnd) => void>(() => {});
  const giveUp = useRef(() => {});
  useEffect(() => () => giveUp.current(), []);

  const save = async (format: ExportFormat, { records, nameOf, loss, end, atMs }: ToSave) => {
    setState({ step: 'saving' });
    const known = (ifindex: number) => nameOf(ifindex) ?? `interface ${ifindex}`;
    const blob = await encodeRecords(format, records, known, () => new Promise((resolve) => setTimeout(resolve)));
    const node = store.getSnapshot().figures.hello?.node ?? '';
    const name = exportName(format, { node, atMs, filter: filter.text });
    saveFile(name, blob);
    setState({ step: 'saved', name, words: exportResult({ rows: records.length, span: records.span, loss, end }) });
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
      const { records, nameOf, loss } = recording;
      release();
      void save(format, { records, nameOf, loss, end: why, atMs });
    };
    const recording = new Recording(shown.length > 0 ? shown : loaders, filter.text, {
      onEnd: end,
      onRefused: (message) => {
        if (ended) return;
        release();
        setState({ step: 'refused', message });
      },
    });
    const timer = setInterval(() => {
      const { forMs: sofar, records, loss } = recording;
      if (sofar >= forMs) end('time');
      else setState({ step: 'recording', rows: records.length, loss, forMs: sofar });
    }, PROGRESS_EVERY_MS);
    stop.current = end;
    giveUp.current = release;
    setState({ step: 'recording', rows: 0, loss: NOTHING_LOST, forMs: 0 });
  };

  const savePage = (format: ExportFormat) => {
    const { rows, interfaceName } = store.picture;
    const records = keptFromRing(rows.shown);
    return save(format, { records, nameOf: interfaceName, loss: NOTHING_LOST, end: 'all', atMs: Date.now() });
  };

  return { state, record, savePage, stop: () => stop.current('stopped') };
}
