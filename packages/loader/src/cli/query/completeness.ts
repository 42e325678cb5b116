/** The last lines of `packetlog query`: range, packets, and what is missing. */
import type { RecordSums } from '@packetlog/common';
import { type Answered, missingIn } from '../../past/reading/missing.ts';
import { plural, utcText } from '../../past/reading/report-text.ts';

export interface AnsweredQuery extends Answered {
  /** Time of the newest record in the directory; undefined: there is none. */
  readonly newestNs: bigint | undefined;
  /** Sums of what was selected. */
  readonly total: RecordSums;
  /** Whether there can be more that was not read, because of the limit of rows. */
  readonly isLimited: boolean;
}

/** Returns lines without a period at the end of the last; the first has range, packets and whether it is complete. */
export function completenessLines(answered: AnsweredQuery): readonly string[] {
  const { total, isLimited, corrupt } = answered;
  const missing = missingIn(answered);
  const sampled = total.records === total.packets ? '' : `; sampled: ${plural(total.records, 'record')} stand for them`;
  const state = missing.length === 0 ? 'complete' : 'not complete:';
  return [
    ...corrupt.map(({ message }) => `packetlog: ${message}`),
    `${rangeText(answered)}: ${isLimited ? 'at least ' : ''}${plural(total.packets, 'packet')}${sampled}, ${state}`,
    ...missing.map(({ line }) => `  ${line}`),
  ];
}

function rangeText({ range, oldestNs, newestNs }: AnsweredQuery): string {
  const from = range.fromNs ?? oldestNs;
  const to = range.toNs ?? newestNs;
  if (from === undefined && to === undefined) return 'No packets are recorded';
  return `${from === undefined ? 'the first packet' : utcText(from)} to ${to === undefined ? 'the last packet' : utcText(to)} UTC`;
}
