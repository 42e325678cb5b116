/** Costs of messages, in the units of budget.ts. Measured with 10,000 rules and a full history; rounded up. */
import {
  type BansVerb,
  MAX_BUCKETS_AT_ONCE,
  MAX_FILTER_LENGTH,
  type PastVerb,
  type RulesVerb,
} from '@packetlog/common';

export const PAUSE = 1;
/** Reads a system file or looks up names. */
export const LOOKUP = 5;
/** Sends up to 720 buckets of each series as JSON. */
export const HISTORY = 10;
/** Sums up to 720 buckets of each list. `request` is not validated yet: converting an object can throw. */
export function historyTopCost(request: unknown): number {
  const { from_ms, to_ms } = (request ?? {}) as { from_ms?: unknown; to_ms?: unknown };
  const seconds = typeof from_ms === 'number' && typeof to_ms === 'number' ? (to_ms - from_ms) / 1000 : 0;
  return 10 + Math.min(MAX_BUCKETS, Math.max(0, seconds) || 0) / 8;
}

const MAX_BUCKETS = 720;

/** Rates are as long as the history's. `isKnown`: the filter is not parsed. `request` is not validated yet. */
export function liveCost(question: 'rates' | 'top', request: unknown, isKnown: boolean): number {
  const { filter } = (request ?? {}) as { filter?: unknown };
  return (isKnown ? 0 : subscribeCost(filter)) + (question === 'rates' ? HISTORY : historyTopCost(request));
}

export const LIVE_END = 1;

/** Passes on an answer of the core with up to as many buckets. `request` is not validated yet. */
export function limitsTopCost(request: unknown): number {
  const { count, rule } = (request ?? {}) as { count?: unknown; rule?: unknown };
  const buckets = typeof count === 'number' ? Math.min(MAX_BUCKETS_AT_ONCE, Math.max(0, count) || 0) : 20;
  return 10 + (buckets / 10) * (rule === undefined ? 2 : 1);
}

const PAST = 5;
/** Rows, and steps of 15 columns, that are sent for a unit. */
const ROWS_PER_UNIT = 500;
const STEPS_PER_UNIT = 200;
const MAX_SENT = 20;

/** Passes on an answer of the core, whose own thread computes it. `request` is not validated yet. */
export function pastCost(verb: PastVerb, request: unknown): number {
  const { filter, limit, max_steps } = (request ?? {}) as { filter?: unknown; limit?: unknown; max_steps?: unknown };
  const rows = verb === 'rows' && typeof limit === 'number' ? Math.max(0, limit) / ROWS_PER_UNIT : 0;
  const steps = typeof max_steps === 'number' ? Math.max(0, max_steps) / STEPS_PER_UNIT : 0;
  if (verb === 'dry_run') return RULES.test ?? CHANGE;
  return PAST + subscribeCost(filter) + Math.min(MAX_SENT, rows + steps || 0);
}

/** Requests that change nothing and are open to read-only clients. */
const RULES: Partial<Record<RulesVerb, number>> = { list: 20, test: 60, audit: 100, propose_permits: 60 };
const CHANGE = 1;

/** Bans and decisions that are sent for a unit. A decision with its samples is about 5 kB. */
const BANS_PER_UNIT = 50;
const DECISIONS_PER_UNIT = 2;
const MAX_DECIDED_COST = 100;

/** Decisions are read from the disk. `request` is not validated yet. */
export function bansCost(verb: BansVerb, request: unknown): number {
  if (verb === 'undo') return CHANGE;
  const { limit } = (request ?? {}) as { limit?: unknown };
  const perUnit = verb === 'list' ? BANS_PER_UNIT : DECISIONS_PER_UNIT;
  return 5 + (typeof limit === 'number' ? Math.min(MAX_DECIDED_COST, Math.max(0, limit) / perUnit || 0) : 20);
}

/**
 * Parses the filter, brings it into a simple form, and compiles it: 3 us for each character of a filter with as many
 * terms as it may have. A filter that is too long is not parsed.
 */
export function subscribeCost(filter: unknown): number {
  return 2 + (typeof filter === 'string' ? Math.min(filter.length, MAX_FILTER_LENGTH) / 32 : 0);
}

export function rulesCost(verb: RulesVerb): number {
  return RULES[verb] ?? CHANGE;
}
