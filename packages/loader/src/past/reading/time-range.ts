/** A range of time, and what overlaps it. */

/** From `fromNs` on, until before `toNs`; undefined: without a limit. Times are ns since the Unix epoch. */
export interface TimeRange {
  readonly fromNs: bigint | undefined;
  readonly toNs: bigint | undefined;
}

/** `firstNs` and `lastNs` are both included. */
export function overlaps(
  { fromNs = 0n, toNs }: TimeRange,
  { firstNs, lastNs }: { readonly firstNs: bigint; readonly lastNs: bigint },
): boolean {
  return lastNs >= fromNs && (toNs === undefined || firstNs < toNs);
}
