import type { Decision } from '@packetlog/common';
import { spanText } from '../../../text/clock.ts';

/** A ban that is no longer in force. */
export interface EndedBan {
  readonly decision: Decision;
  readonly endedMs: number;
  /** Why it ended: 'expired after 1 h', 'undone after 12 min by root; rule 12 permits the source'. */
  readonly why: string;
}

/**
 * Returns the bans among decisions that have ended, the last one that ended first. `inForce`: decisions whose bans are in
 * force, whatever their end says: an end moves when the wall clock is set.
 */
export function endedBans(
  decisions: readonly Decision[],
  inForce: ReadonlySet<number>,
  nowMs: number,
): readonly EndedBan[] {
  const ended = decisions.flatMap((decision) => {
    const end = decision.kind === 'ban' && !inForce.has(decision.id) ? endOf(decision, nowMs) : null;
    return end === null ? [] : [{ decision, ...end }];
  });
  return ended.sort((a, b) => b.endedMs - a.endedMs);
}

/** Returns null for a ban that was not undone and whose time is not over: the list of bans in force may be late. */
function endOf({ at_ms, ends_at_ms, duration_ms, undone }: Decision, nowMs: number): Omit<EndedBan, 'decision'> | null {
  if (undone !== undefined) {
    const permitted = undone.permit_rule === undefined ? '' : `; rule ${undone.permit_rule} permits the source`;
    return { endedMs: undone.at_ms, why: `undone after ${spanText(undone.at_ms - at_ms)} by ${undone.by}${permitted}` };
  }
  if (ends_at_ms === undefined || ends_at_ms > nowMs) return null;
  return { endedMs: ends_at_ms, why: `expired after ${spanText(duration_ms)}` };
}
