import type { RuleDraft } from '@packetlog/common';
import type { ListedRule } from '../../../node/state/rules-state.ts';

const ADDED_BY_LOADER = new Set<string>([
  'id',
  'created_by',
  'created_at',
  'expires_at',
  'group',
  'warning',
  'packets',
  'bytes',
  'over_packets',
  'over_bytes',
  'last_seen_ms',
] satisfies (keyof ListedRule)[]);

/** Returns a rule as it could be added again, without its expiry, for a dry run. */
export function draftOf(rule: ListedRule): RuleDraft {
  return Object.fromEntries(Object.entries(rule).filter(([key]) => !ADDED_BY_LOADER.has(key))) as RuleDraft;
}
