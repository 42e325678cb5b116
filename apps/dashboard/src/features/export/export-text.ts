import { timeInRangeText } from '../../text/calendar-text.ts';
import { spanText } from '../../text/clock.ts';
import { counted, formatCount } from '../../text/number.ts';
import type { Gaps } from './record-buffer.ts';

/** Maximum rows of a recording. All are in memory until the file is saved. */
export const MAX_EXPORT_ROWS = 500_000;

/** Rows that are missing in the recording, by cause. */
export interface ExportLoss {
  /** Lost before the loader could send them: ring or queue full. Known to the second. */
  readonly before: number;
  /** Lost between the loader and this page. */
  readonly page: number;
  /** Withheld by the row limit of the loader. */
  readonly withheld: number;
}

export const NOTHING_LOST: ExportLoss = { before: 0, page: 0, withheld: 0 };

/** Why the recording ended. */
export type ExportEnd = 'time' | 'stopped' | 'limit' | 'broken';

const END_TEXT: Readonly<Record<ExportEnd, string>> = {
  time: '',
  stopped: 'Stopped early.',
  limit: `Ended at the limit of ${formatCount(MAX_EXPORT_ROWS)} rows. Narrow the filter to record for longer.`,
  broken: 'The connection was lost: the file ends there.',
};

type Span = { readonly fromMs: number; readonly toMs: number } | null;

/** Describes a recorded file: rows, time, what is missing. */
export function recordedText(rows: number, span: Span, loss: ExportLoss, end: ExportEnd): string {
  return [rowsText(rows, span), lossText(loss), END_TEXT[end]].filter(Boolean).join(' ');
}

const PAST_TEXT = {
  complete: 'These are all recorded packets of the range that match the filter.',
  stopped: 'Stopped early: the oldest packets of the range are missing.',
  limit: `The newest ${formatCount(MAX_EXPORT_ROWS)}; older packets of the range are missing. Choose a shorter range, or a filter.`,
} as const;

/** Describes a file of recorded packets. `without`: names of nodes whose packets are not in it. */
export function pastText(
  rows: number,
  span: Span,
  end: keyof typeof PAST_TEXT,
  without: readonly string[] = [],
): string {
  const missing = without.length === 0 ? '' : ` Without the packets of ${without.join(', ')}.`;
  return `${rowsText(rows, span)} ${PAST_TEXT[end]}${missing}`;
}

/** Describes a file of the page's rows and the gaps between them. */
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
  const [from, to] = span === null ? ['', ''] : endsOf(span);
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

/** Describes the rows on the page. */
export function pageRowsText(rows: number, span: Span): string {
  if (span === null) return 'No rows on the page yet.';
  const [from, to] = endsOf(span);
  if (from === to) return `${counted(rows, 'row')} at ${from}.`;
  return `${counted(rows, 'row')} in ${spanText(span.toMs - span.fromMs)}, from ${from} to ${to}.`;
}

function endsOf({ fromMs, toMs }: NonNullable<Span>): readonly [string, string] {
  return [timeInRangeText(fromMs, toMs - fromMs), timeInRangeText(toMs, toMs - fromMs)];
}
