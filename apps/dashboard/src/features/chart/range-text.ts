import type { TimeSpan } from '../../node/past/past.ts';
import { clockText } from '../../text/clock.ts';
import { counted, formatBytes, formatCount, quantityText } from '../../text/number.ts';
import { type Comparison, changeText } from './comparison.ts';

/** Returns the sums of a span: '14:03:10 to 14:03:25: 1,234 packets, 96.1 kB, 33 denied'. */
function spanSummary({ fromMs, toMs }: TimeSpan, comparison: Comparison | null): string {
  const when = `${clockText(fromMs)} to ${clockText(toMs)}`;
  return comparison === null ? `${when}, data incomplete` : `${when}: ${sumsText(comparison)}`;
}

function sumsText({ now }: Comparison): string {
  const { packets, bytes, denied, aborted } = now;
  const deniedCount = Math.round(denied + aborted);
  const deniedText = deniedCount === 0 ? '' : `, ${formatCount(deniedCount)} denied`;
  return `${counted(Math.round(packets), 'packet')}, ${quantityText(formatBytes(bytes))}${deniedText}`;
}

/** Returns the sums of recorded packets and the comparison; '' while they are loading. */
export function recordedText(comparison: Comparison | null): string {
  return comparison === null
    ? ''
    : [sumsText(comparison), comparisonText(comparison, 'packets')].filter(Boolean).join('; ');
}

/** Returns the sums of a range and the comparison with the preceding range, in one line. */
export function zoomText(span: TimeSpan, comparison: Comparison | null): string {
  return [spanSummary(span, comparison), comparisonText(comparison, 'packets')].filter(Boolean).join('; ');
}

/**
 * Returns '+38 % vs the previous minute (dashed)', or a note that its data is incomplete; '' if there is no data at all.
 * The chart draws the preceding span as a dashed line.
 */
export function comparisonText(comparison: Comparison | null, column: 'packets' | 'bytes'): string {
  if (comparison === null || comparison.than === '') return '';
  const change = changeText(comparison, column);
  return change === '' ? `no complete data for ${comparison.than}` : `${change} (dashed)`;
}

/** Returns the selected range from `from` to `to` (s), widened to at least two whole steps and clipped to `limits`. */
export function brushed(from: number, to: number, stepMs: number, limits: TimeSpan): TimeSpan {
  const first = Math.ceil(limits.fromMs / stepMs) * stepMs;
  const last = Math.floor(limits.toMs / stepMs) * stepMs;
  const fromMs = Math.max(first, Math.floor((from * 1000) / stepMs) * stepMs);
  const toMs = Math.ceil((to * 1000) / stepMs) * stepMs;
  const end = Math.min(Math.max(toMs, fromMs + 2 * stepMs), last);
  return { fromMs: Math.min(fromMs, end - 2 * stepMs), toMs: end };
}
