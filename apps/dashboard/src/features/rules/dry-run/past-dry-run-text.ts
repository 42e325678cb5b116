import type { PastTrial } from '../../../node/messages/past-events.ts';
import type { TimeSpan } from '../../../node/past/past.ts';
import { midnight } from '../../../text/calendar-text.ts';
import { counted, formatCount } from '../../../text/number.ts';
import { protectedText } from '../change/rejection-text.ts';

const HOUR = 3_600_000;

/** Returns the ranges to offer: the shown one, the last hours, and last night from 22:00 to 06:00, as far as recorded. */
export function pastSpans(
  nowMs: number,
  oldestMs: number | null,
  shown: TimeSpan | null,
): readonly { readonly label: string; readonly span: TimeSpan }[] {
  const morning = midnight(nowMs) + 6 * HOUR > nowMs ? midnight(nowMs, -1) : midnight(nowMs);
  const night = { fromMs: midnight(morning, -1) + 22 * HOUR, toMs: morning + 6 * HOUR };
  const last = (hours: number) => ({ fromMs: nowMs - hours * HOUR, toMs: nowMs });
  const reach = oldestMs === null ? 0 : nowMs - oldestMs;
  return [
    ...(shown === null ? [] : [{ label: 'shown range', span: shown }]),
    { label: '1 h', span: last(1) },
    ...(reach > HOUR ? [{ label: '24 h', span: last(24) }] : []),
    ...(oldestMs !== null && oldestMs < night.toMs ? [{ label: 'last night', span: night }] : []),
    ...(reach > 24 * HOUR ? [{ label: '7 d', span: last(7 * 24) }] : []),
  ];
}

/** States what the change would have denied, and how many of these sources look known-good. */
export function pastVerdict({ newly_denied, known_good, judged }: PastTrial): string {
  if (judged === 0) return 'No packet was recorded in this time, so the result says nothing about the rules.';
  const { packets, sources } = newly_denied;
  if (packets === 0) return 'Would have denied no packets that were not denied then.';
  const known = known_good.sources === 0 ? '' : `, ${formatCount(known_good.sources)} of them known-good`;
  return `Would have denied ${counted(packets, 'packet')} of ${counted(sources, 'source')}${known}.`;
}

/** States how many packets were evaluated, and what is missing. */
export function missingText({ judged, incomplete }: PastTrial): string {
  const { gaps, not_recording, expired, forgotten_records, damaged, is_partial } = incomplete;
  const lost = gaps.reduce((sum, { records }) => sum + records, 0);
  const parts = [
    is_partial && 'the run ended early',
    gaps.length > 0 && `${counted(lost, 'packet')} lost`,
    not_recording.length > 0 && 'part of the time not recorded',
    expired.segments > 0 && 'some packets deleted for age or room',
    forgotten_records > 0 && `${formatCount(forgotten_records)} removed on request`,
    damaged.length > 0 && counted(damaged.length, 'damaged segment'),
  ].filter((part) => part !== false);
  const evaluated = `Evaluated ${counted(judged, 'packet')}`;
  return parts.length === 0 ? `${evaluated}, complete.` : `${evaluated}. Missing: ${parts.join(', ')}.`;
}

type KnownGood = PastTrial['known_good']['by_source'][number];

/** Names a source that looks wanted, and why: '203.0.113.7 (12 packets): rule 3 permits it.' */
export function knownGoodText({ addr, packets, because }: KnownGood): string {
  const reasons = because.map((reason) =>
    reason.kind === 'permit_rule' ? `rule: ${reason.rule}` : protectedText(reason),
  );
  return `Known-good: ${addr}, ${counted(packets, 'packet')} (${reasons.join('; ')}).`;
}

type Limit = NonNullable<PastTrial['limits']>[number];

/** States what a limit would have done alone, as if it observed. */
export function pastLimitText({ rule, seen, over, buckets, is_upper_estimate }: Limit): string {
  const count = `${is_upper_estimate ? 'at most ' : ''}${formatCount(over)} of ${formatCount(seen)}`;
  const from = over === 0 ? '' : `, from ${counted(buckets, 'bucket')}`;
  return `${rule}: ${count} would have been over${from}.`;
}
