import type { BucketLevel } from '@packetlog/common';
import { spanText } from '../../../text/clock.ts';
import { counted, formatCount } from '../../../text/number.ts';
import type { LimitLevel } from './use-limit-levels.ts';

/** Returns the share of the burst that is used: '83 %'. Only a bucket that is over has 100 %. */
export function levelText({ level, is_over }: BucketLevel): string {
  const percent = Math.floor(Math.max(0, Math.min(1, level)) * 100);
  return `${is_over ? 100 : Math.min(99, percent)} %`;
}

/** Returns what happens to the next packet of a bucket: 'over', 'blocked for 42 s', 'would be blocked for 42 s', or ''. */
export function bucketState({ is_over, blocked_until_ms }: BucketLevel, isEnforced: boolean, nowMs: number): string {
  if (blocked_until_ms !== undefined && blocked_until_ms > nowMs) {
    return `${isEnforced ? '' : 'would be '}blocked for ${spanText(blocked_until_ms - nowMs)}`;
  }
  return is_over ? 'over' : '';
}

/** Counts the buckets of a limit: '12 followed, 2 over'. */
export function followedText({ followed, over, evicted }: LimitLevel): string {
  const given = evicted === 0 ? '' : `, ${counted(evicted, 'bucket')} given up for fuller ones`;
  return `${formatCount(followed)} followed, ${formatCount(over)} over${given}`;
}
