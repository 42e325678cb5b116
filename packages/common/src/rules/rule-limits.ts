/** Limits and values of rules, apart from their schemas. */

/** `limit` denies what is over its rate; `observe` permits, and marks what it would deny. */
export const RULE_ACTIONS = ['permit', 'deny', 'limit', 'observe'] as const;
export const MAX_RULE_ID = 0xffff_ffff;
/** Ids from here on are those of bans: the number of the decision is added. */
export const FIRST_BAN_RULE_ID = 4_000_000_000;
export const MAX_REASON_LENGTH = 500;
/** In one request. */
export const MAX_RULES_AT_ONCE = 10_000;
export const MAX_DRY_RUN_SECONDS = 3600;
