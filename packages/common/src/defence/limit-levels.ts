/** Levels of limits: what each limit follows at the moment, as the kernel has it. */
import * as z from 'zod/mini';
import { ruleDraftSchema, ruleIdSchema } from '../rules/rule.ts';

/** Most buckets of a limit in one answer. */
export const MAX_BUCKETS_AT_ONCE = 100;

export const limitsTopSchema = z.strictObject({
  /** One limit; absent: all. */
  rule: z.optional(ruleIdSchema),
  /** Buckets of each limit, the fullest first. */
  count: z._default(z.int().check(z.minimum(1), z.maximum(MAX_BUCKETS_AT_ONCE)), 20),
});
export type LimitsTopRequest = z.input<typeof limitsTopSchema>;
/** As validated. */
export type CheckedLimitsTopRequest = z.output<typeof limitsTopSchema>;

const count = z.int().check(z.nonnegative());

/** What a limit would have done in a dry run over recorded packets, which a command on the loader's machine made. */
export const limitTriedSchema = z.strictObject({
  rule: ruleDraftSchema,
  for_ms: z.number().check(z.nonnegative()),
  packets: count,
  over: count,
  sources: z.optional(count),
});
export type LimitTriedRequest = z.input<typeof limitTriedSchema>;

export const bucketLevelSchema = z.object({
  /** `203.0.113.7`, `2001:db8::/64`, `203.0.113.0/24`, `tcp port 22`, `icmp`, or `all`. */
  bucket: z.string(),
  /**
   * Share of the burst that is used, 0 to 1. A bucket counts from the moment when it, with those that share its cell,
   * used half of a burst.
   */
  level: z.number(),
  /** The next packet that the limit measures is over. */
  is_over: z.boolean(),
  /** Unix time in ms; absent: not blocked. */
  blocked_until_ms: z.optional(z.number()),
});
export type BucketLevel = z.infer<typeof bucketLevelSchema>;

export const limitLevelsSchema = z.object({
  at_ms: z.number(),
  limits: z.array(
    z.object({
      rule: ruleIdSchema,
      /** Buckets with an exact level: those that used at least half of their burst lately, at most 16,384. */
      followed: count,
      over: count,
      /** Buckets that were given up for others before they were empty, since the limit exists. */
      evicted: count,
      /** The fullest first. */
      top: z.array(bucketLevelSchema),
    }),
  ),
  /**
   * Connections that were given up before they were verified, because their table was full: no limit counted them. Of all
   * limits of connections together; absent without such limits.
   */
  evicted_connections: z.optional(count),
});
export type LimitLevels = z.infer<typeof limitLevelsSchema>;
