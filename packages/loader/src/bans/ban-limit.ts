import { type BanTimes, limitNumbers, type Rule } from '@packetlog/common';

/** A limit that bans. */
export interface BanLimit {
  readonly rule: Rule;
  readonly times: BanTimes;
  /** Connections that it permits at once. */
  readonly permitted: number;
}

/** Returns a limit that bans; undefined for other rules. */
export function banLimitOf(rule: Rule): BanLimit | undefined {
  if (rule.action !== 'limit') return undefined;
  const { ban, burst } = limitNumbers(rule);
  return ban && { rule, times: ban, permitted: burst };
}
