/** The fields of a rule form for conditions: TCP flags, destination, length, later fragments. */
import { PACKET_CONDITION_FIELDS, type Rule, type RuleDraft } from '@packetlog/common';

/** Text as typed; '' for any. */
export interface ConditionForm {
  readonly tcp_flags: string;
  readonly destination: string;
  readonly length: string;
  readonly fragment: boolean;
}

export const NO_CONDITIONS: ConditionForm = { tcp_flags: '', destination: '', length: '', fragment: false };

export function hasConditions({ tcp_flags, destination, length, fragment }: ConditionForm): boolean {
  return fragment || [tcp_flags, destination, length].some((text) => text.trim() !== '');
}

/** Returns the conditions of a draft, not validated. */
export function conditionsOf({ tcp_flags, destination, length, fragment }: ConditionForm) {
  const texts = Object.entries({ tcp_flags, destination, length })
    .map(([field, text]) => [field, text.trim()] as const)
    .filter(([, text]) => text !== '');
  return { ...Object.fromEntries(texts), ...(fragment && { fragment }) };
}

export function conditionFormOf({ tcp_flags, destination, length, fragment }: Rule | RuleDraft): ConditionForm {
  return {
    tcp_flags: tcp_flags ?? '',
    destination: destination ?? '',
    length: String(length ?? ''),
    fragment: fragment ?? false,
  };
}

/** Returns the conditions that `draft` changes in the rule; null removes one. */
export function conditionChanges(rule: Rule, draft: RuleDraft) {
  const changed = PACKET_CONDITION_FIELDS.filter((field) => draft[field] !== rule[field]);
  return Object.fromEntries(changed.map((field) => [field, draft[field] ?? null]));
}
