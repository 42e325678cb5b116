import { FIRST_BAN_RULE_ID } from '@packetlog/common';

/** Returns the decision of a ban from the id of its rule; null for another rule. */
export function decisionOfRule(id: number): number | null {
  return id > FIRST_BAN_RULE_ID ? id - FIRST_BAN_RULE_ID : null;
}

/** Returns the address of a rule on the Rules page, or of the decision of a ban. */
export function ruleAddress(id: number): string {
  const decision = decisionOfRule(id);
  return decision === null ? `/rules?rule=${id}` : decisionAddress(decision);
}

/** Returns the address of a decision on the Defence page. */
export function decisionAddress(decision: number): string {
  return `/defence?decision=${decision}`;
}

/** Names a rule: '12', or 'ban 12'. */
export function ruleName(id: number): string {
  const decision = decisionOfRule(id);
  return decision === null ? String(id) : `ban ${decision}`;
}
