/** Requests about bans and decisions, over socket.io and through the control socket. */
import * as z from 'zod/mini';
import type { RulesError } from '../rules/requests.ts';
import { ruleIdSchema } from '../rules/rule.ts';
import { type Ban, type Decision, MAX_BANS_AT_ONCE, MAX_DECISIONS_AT_ONCE } from './decision.ts';

const source = z.string().check(z.minLength(1), z.maxLength(64));
const id = z.int().check(z.minimum(1));

/** Bans in force, newest first. */
export const bansListSchema = z.strictObject({
  /** An address or a network: bans that cover it. */
  source: z.optional(source),
  /** Only those of earlier decisions, to continue. */
  before_decision: z.optional(id),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(MAX_BANS_AT_ONCE)), MAX_BANS_AT_ONCE),
});
export type BansListRequest = z.input<typeof bansListSchema>;

/** Decisions of the last 90 days, newest first: one, those about a source, or all. */
export const decisionsSchema = z.strictObject({
  id: z.optional(id),
  source: z.optional(source),
  /** Only older ones, to continue. */
  before_id: z.optional(id),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(MAX_DECISIONS_AT_ONCE)), 50),
});
export type DecisionsRequest = z.input<typeof decisionsSchema>;

/** Ends bans: of one decision, of a source, of a limit, or those of the last minutes. Exactly one of the four. */
export const undoBansSchema = z
  .strictObject({
    id: z.optional(id),
    source: z.optional(source),
    limit_rule: z.optional(ruleIdSchema),
    /** At most a day. */
    last_ms: z.optional(z.int().check(z.minimum(1000), z.maximum(86_400_000))),
    /** Also adds permit rules, so that the sources are not banned again. Not with `last_ms`. */
    never: z.optional(z.boolean()),
  })
  .check(
    z.refine(
      ({ id, source, limit_rule, last_ms }) =>
        [id, source, limit_rule, last_ms].filter((each) => each !== undefined).length === 1,
      { error: 'Write one of id, source, limit_rule and last_ms.' },
    ),
    z.refine(({ last_ms, never }) => last_ms === undefined || never !== true, {
      error: 'Write never together with id, source or limit_rule.',
    }),
  );
export type UndoBansRequest = z.input<typeof undoBansSchema>;

/** Bodies of `bans:list`, `bans:decisions` and `bans:undo`; only the last one needs the admin token. */
export const bansRequestSchemas = { list: bansListSchema, decisions: decisionsSchema, undo: undoBansSchema } as const;
export type BansVerb = keyof typeof bansRequestSchemas;
/** As sent. */
export type BansRequest<Verb extends BansVerb> = z.input<(typeof bansRequestSchemas)[Verb]>;
/** As validated. */
export type CheckedBansRequest<Verb extends BansVerb> = z.output<(typeof bansRequestSchemas)[Verb]>;

export interface BanResults {
  readonly list: { readonly active: number; readonly bans: readonly Ban[] };
  readonly decisions: { readonly decisions: readonly Decision[] };
  readonly undo: {
    /** Decisions whose bans were ended. */
    readonly undone: readonly number[];
    /** Permit rules that were added. */
    readonly permit_rules: readonly number[];
  };
}

export type BansAnswer<Verb extends BansVerb> =
  | { ok: true; value: BanResults[Verb] }
  | { ok: false; error: RulesError };

export type BansEvents = {
  [Verb in BansVerb as `bans:${Verb}`]: (
    request: BansRequest<Verb>,
    acknowledge: (answer: BansAnswer<Verb>) => void,
  ) => void;
};
