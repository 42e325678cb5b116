/** What messages cost, in the units of budget.ts. Measured with 10,000 rules and a full history; rounded up. */
import { MAX_FILTER_LENGTH, type RulesVerb } from '@packetlog/common';

export const PAUSE = 1;
/** A file of the system is read; names are looked up. */
export const LOOKUP = 5;
/** Up to 720 buckets of each series, as JSON. */
export const HISTORY = 10;
/** Up to 720 buckets of each list are added up. `request` may be anything: converting an object can throw. */
export function historyTopCost(request: unknown): number {
  const { from_ms, to_ms } = (request ?? {}) as { from_ms?: unknown; to_ms?: unknown };
  const seconds = typeof from_ms === 'number' && typeof to_ms === 'number' ? (to_ms - from_ms) / 1000 : 0;
  return 10 + Math.min(MOST_BUCKETS, Math.max(0, seconds) || 0) / 8;
}

const MOST_BUCKETS = 720;

/** Those that change nothing, and are for everyone. */
const RULES: Partial<Record<RulesVerb, number>> = { list: 20, test: 60, audit: 100 };
const CHANGE = 1;

/** A filter is parsed and compiled; one that is too long is not. */
export function subscribeCost(filter: unknown): number {
  return 2 + (typeof filter === 'string' ? Math.min(filter.length, MAX_FILTER_LENGTH) / 128 : 0);
}

export function rulesCost(verb: RulesVerb): number {
  return RULES[verb] ?? CHANGE;
}
