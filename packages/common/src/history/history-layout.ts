/** Describes the history that a loader keeps. */

/**
 * Resolutions, finest first: `buckets` of `step_ms` each. A view of half the buckets has an equally long period before
 * it to compare with: five minutes, 15 minutes, 6 hours.
 */
export const HISTORY_LEVELS = [
  { step_ms: 1000, buckets: 600 },
  { step_ms: 5000, buckets: 360 },
  { step_ms: 60_000, buckets: 720 },
] as const;
export type HistoryStep = (typeof HISTORY_LEVELS)[number]['step_ms'];

/**
 * What each bucket counts: packets, or bytes if the name contains it. The first seven are exact, from the counters; the
 * protocols are sums over records, by weight. `lost`: records lost in the kernel's ring and in the loader.
 */
export const HISTORY_COLUMNS = [
  'packets',
  'bytes',
  'permitted',
  'denied',
  'aborted',
  'denied_bytes',
  'lost',
  'tcp',
  'udp',
  'icmp',
  'other',
  'tcp_bytes',
  'udp_bytes',
  'icmp_bytes',
  'other_bytes',
] as const;
export type HistoryColumn = (typeof HISTORY_COLUMNS)[number];
