import { RANGES } from '../../node/past/past.ts';

/** A range of the chart up to now. */
export interface Span {
  readonly id: string;
  readonly ms: number;
  /** Longer than the history in memory: only where packets are recorded. */
  readonly isRecorded: boolean;
}

const DAY = 86_400_000;

export const LIVE_SPANS: readonly Span[] = RANGES.map(({ id, ms }) => ({ id, ms, isRecorded: false }));
const LONGEST_LIVE = RANGES.at(-1)?.ms ?? 0;

/** Returns the ranges to offer. `recordedMs`: how far back recorded packets reach; 0 if none are. */
export function spansFor(recordedMs: number): readonly Span[] {
  const recorded = [
    { id: '24 h', ms: DAY },
    { id: '7 d', ms: 7 * DAY },
  ].filter((_, i, all) => recordedMs > (all[i - 1]?.ms ?? LONGEST_LIVE));
  const all = recordedMs > LONGEST_LIVE ? [{ id: 'all', ms: recordedMs }] : [];
  return [...LIVE_SPANS, ...[...recorded, ...all].map((span) => ({ ...span, isRecorded: true }))];
}
