import { clockText, spanText } from '../../text/clock.ts';
import { counted, formatCount } from '../../text/number.ts';
import type { Gaps } from './record-buffer.ts';

/** Rows of one export from the loader. The whole of them is in the page's memory until it is saved. */
export const EXPORT_LIMIT = 500_000;

/** Rows that passed while it ran, and are not in it. */
export interface ExportLoss {
  /** The kernel's ring was full, or the loader's queue: known to the second. */
  readonly before: number;
  /** On the way to this page. */
  readonly page: number;
  /** Not sent, because more came than the loader sends. */
  readonly withheld: number;
}

export const NOTHING_LOST: ExportLoss = { before: 0, page: 0, withheld: 0 };

/** Why it has ended. */
export type ExportEnd = 'time' | 'stopped' | 'limit' | 'broken';

const END_TEXT: Readonly<Record<ExportEnd, string>> = {
  time: '',
  stopped: 'Stopped early.',
  limit: `Ended at the limit of ${formatCount(EXPORT_LIMIT)} rows. Narrow the filter to record for longer.`,
  broken: 'The connection was lost: the file ends there.',
};

type Span = { readonly fromMs: number; readonly toMs: number } | null;

/** What is in the file that was recorded, and what is not. */
export function recordedText(rows: number, span: Span, loss: ExportLoss, end: ExportEnd): string {
  return [rowsText(rows, span), lossText(loss), END_TEXT[end]].filter(Boolean).join(' ');
}

/** What is in the file of rows that were on the page, and what is missing between them. */
export function savedText(rows: number, span: Span, { lost, paused, away }: Gaps): string {
  return [
    rowsText(rows, span),
    lost > 0 && `${counted(lost, 'row')} between them were lost.`,
    paused > 0 && `${counted(paused, 'packet')} passed while the page was paused.`,
    away > 0 && `The loader was unreachable ${away === 1 ? 'once' : `${away} times`}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

function rowsText(rows: number, span: Span): string {
  const [from, to] = span === null ? ['', ''] : [clockText(span.fromMs), clockText(span.toMs)];
  const when = from === to ? from && `, ${from}` : `, ${from} to ${to}`;
  return `${counted(rows, 'row')}${when}.`;
}

export function lossText({ before, page, withheld }: ExportLoss): string {
  if (before + page + withheld === 0) return 'Nothing was lost.';
  const parts = [
    before > 0 && `${counted(before, 'row')} lost before the loader could send them`,
    page > 0 && `${counted(page, 'row')} lost between the loader and this page`,
    withheld > 0 && `${counted(withheld, 'row')} withheld`,
  ].filter(Boolean);
  return `Missing: ${parts.join(', ')}.`;
}

/** Of the rows on the page. */
export function pageRowsText(rows: number, span: Span): string {
  if (span === null) return 'No rows on the page yet.';
  const [from, to] = [clockText(span.fromMs), clockText(span.toMs)];
  if (from === to) return `${counted(rows, 'row')} of ${from}.`;
  return `${counted(rows, 'row')} of ${spanText(span.toMs - span.fromMs)}, from ${from} to ${to}.`;
}
