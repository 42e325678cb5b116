/** A decision about a ban: what was decided about a source, and on which evidence. docs/defence.md describes bans. */
import * as z from 'zod/mini';
import { ruleIdSchema, ruleSchema } from '../rules/rule.ts';

/** `would_ban`: the limit is observing. `not_banned`: a guard objects. */
export const DECISION_KINDS = ['ban', 'would_ban', 'not_banned'] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];

/** In the order in which they are asked. */
export const BAN_GUARDS = [
  /** A permit rule covers the source, which wins over deny. */
  'permit_rule',
  /** `protect` of the rules file, or `--protect`. */
  'protect_list',
  /** A connected operator. */
  'operator',
  /** A gateway or a name server. */
  'infrastructure',
  /** The source has another connection, which is older than 60 s. */
  'other_connections',
  /** The kernel verified the connections, so the source is not forged. */
  'verified',
  /** Too many bans are active, or were added within a minute. */
  'ban_limit',
] as const;
export type BanGuard = (typeof BAN_GUARDS)[number];

/** Most sample records of a decision. */
export const MAX_DECISION_SAMPLES = 8;
/** Most decisions of one answer. */
export const MAX_DECISIONS_AT_ONCE = 200;

const count = z.int().check(z.nonnegative());
/** Unix time in ms. */
const time = z.number();
/** An address; of an IPv6 source, its network of 64 bits; or the network of the limit's bucket. */
const source = z.string().check(z.maxLength(64));

export const decisionSchema = z.object({
  /** From 1 on, never reused. */
  id: count,
  at_ms: time,
  kind: z.enum(DECISION_KINDS),
  source,
  /** The limit, as it was. */
  rule: ruleSchema,
  /** Connection attempts that the limit saw of the source within the last 1, 10 and 60 s, from records. */
  attempts: z.object({ in_1_s: count, in_10_s: count, in_60_s: count }),
  /** Records stood for several packets or were lost, so `attempts`, `ports` and `samples` are incomplete. */
  is_sampled: z.optional(z.boolean()),
  /** Connections of the source that the kernel verified, as the limit counted them; a connection counts once. */
  connections: count,
  /** Within how many ms the kernel verified them. */
  connections_within_ms: z.optional(count),
  /** Destination ports of the samples and attempts, at most 16. */
  ports: z.array(count),
  /** Records of the source that the limit saw, newest last, as `packetlog run --print json` writes them. */
  samples: z.array(z.record(z.string(), z.unknown())).check(z.maxLength(MAX_DECISION_SAMPLES)),
  /** Every guard's answer. */
  guards: z.array(
    z.object({
      guard: z.enum(BAN_GUARDS),
      passed: z.boolean(),
      /** Why, as part of a sentence: `has a connection to tcp port 443, 5 min old`. */
      note: z.optional(z.string()),
    }),
  ),
  /** 1: the first ban of this source by this limit within 7 days. */
  strike: count,
  /** How long the ban lasts, or would last. */
  duration_ms: count,
  /** Absolute end; absent unless the source was banned. */
  ends_at_ms: z.optional(time),
  /** The deny rule of the ban. */
  ban_rule: z.optional(ruleIdSchema),
  undone: z.optional(
    z.object({
      at_ms: time,
      /** Name of the token or user. */
      by: z.string(),
      /** The permit rule that `never` added. */
      permit_rule: z.optional(ruleIdSchema),
    }),
  ),
});
export type Decision = z.infer<typeof decisionSchema>;

/** A ban in force. */
export const banSchema = z.object({
  decision: count,
  ban_rule: ruleIdSchema,
  source,
  limit_rule: ruleIdSchema,
  began_at_ms: time,
  ends_at_ms: time,
  strike: count,
  /** Packets that the ban denied. */
  packets: count,
});
export type Ban = z.infer<typeof banSchema>;

/** Most bans that are sent without a request. */
export const MAX_NEWEST_BANS = 50;
/** Most bans of one answer. */
export const MAX_BANS_AT_ONCE = 1000;

/** The state of bans. Sent after `hello`, and at most once a second when it changes. */
export const bansSchema = z.object({
  at_ms: time,
  /** Number of bans in force, and the most there may be. */
  active: count,
  max_active: count,
  /** The newest ones; `bans:list` returns more. */
  newest: z.array(banSchema).check(z.maxLength(MAX_NEWEST_BANS)),
  /** Decisions since the start of the loader, by kind. */
  decided: z.record(z.enum(DECISION_KINDS), count),
  /** Bans that were undone since the start of the loader. */
  undone: count,
});
export type Bans = z.infer<typeof bansSchema>;

/** The most bans that may be in force. */
export const MAX_BANS = 10_000;

export function noBans(at_ms: number): Bans {
  const decided = { ban: 0, would_ban: 0, not_banned: 0 };
  return { at_ms, active: 0, max_active: MAX_BANS, newest: [], decided, undone: 0 };
}
