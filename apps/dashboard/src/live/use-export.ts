'use client';

import { useEffect, useRef, useState } from 'react';
import { encodeRecords } from '../lib/export/encode.ts';
import { type ExportFormat, exportName } from '../lib/export/export-name.ts';
import {
  EXPORT_LIMIT,
  type ExportEnd,
  type ExportLoss,
  exportResult,
  NOTHING_LOST,
} from '../lib/export/export-words.ts';
import { KeptRecords, keptFromRing } from '../lib/export/kept-records.ts';
import { ExportStream } from './export-stream.ts';
import { takeHandshakeTarget } from './handshake-target.ts';
import { useLive } from './live-context.tsx';
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

/** One export at a time; it is given up when the component goes. */
export function useExport(): Export {
  const { store, filter } = useLive();
  const [state, setState] = useState<ExportState>({ step: 'choosing' });
  const stop = useRef<((end: ExportEnd) => void) | null>(null);
  const giveUp = useRef(() => {});
  useEffect(() => () => giveUp.current(), []);

  const save = async (format: ExportFormat, records: KeptRecords, loss: ExportLoss, end: ExportEnd, atMs: number) => {
    setState({ step: 'saving' });
    const { interfaceName } = store.picture;
    const nameOf = (ifindex: number) => interfaceName(ifindex) ?? `interface ${ifindex}`;
    const blob = await encodeRecords(format, records, nameOf, () => new Promise((resolve) => setTimeout(resolve)));
    const node = store.getSnapshot().figures.hello?.node ?? '';
    const name = exportName(format, { node, atMs, filter: filter.text });
    saveFile(name, blob);
    setState({ step: 'saved', name, words: exportResult({ rows: records.length, span: records.span, loss, end }) });
  };

  const record = (format: ExportFormat, forMs: number) => {
    const atMs = Date.now();
    const records = new KeptRecords(EXPORT_LIMIT);
    const lostBefore = () => {
      const { ring, queue } = store.picture.figures(performance.now()).loss;
      return ring + queue;
    };
    const before = lostBefore();
    const loss = (): ExportLoss => ({ before: Math.max(0, lostBefore() - before), ...stream.loss });
    let startedAt: number | null = null;
    let ended = false;
    const release = () => {
      ended = true;
      clearInterval(timer);
      stream.close();
      stop.current = null;
      giveUp.current = () => {};
    };
    const end = (why: ExportEnd) => {
      if (ended) return;
      const lost = loss();
      release();
      void save(format, records, lost, why, atMs);
    };
    const stream = new ExportStream(takeHandshakeTarget(), filter.text, records, {
      onStart: () => {
        startedAt = performance.now();
      },
      onEnd: end,
      onRefused: (message) => {
        release();
        setState({ step: 'refused', message });
      },
    });
    const timer = setInterval(() => {
      const sofar = startedAt === null ? 0 : performance.now() - startedAt;
      if (sofar >= forMs) end('time');
      else setState({ step: 'recording', rows: records.length, loss: loss(), forMs: sofar });
    }, PROGRESS_EVERY_MS);
    stop.current = end;
    giveUp.current = release;
    setState({ step: 'recording', rows: 0, loss: NOTHING_LOST, forMs: 0 });
  };

  return {
    state,
    record,
    savePage: (format) => save(format, keptFromRing(store.picture.rows.shown), NOTHING_LOST, 'all', Date.now()),
    stop: () => stop.current?.('stopped'),
  };
}
