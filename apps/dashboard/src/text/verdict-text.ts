import { actionName, type RuleAction } from '@packetlog/common';

/** What a row means at a glance: each has a colour and a shape of its own. */
export type Verdict = 'permit' | 'deny' | 'would_deny' | 'malformed' | 'aborted';

export function verdictOf(action: number, reason: string): Verdict {
  const name = actionName(action);
  if (name === 'deny') return 'deny';
  if (name !== 'permit') return 'aborted';
  if (reason === 'would_deny') return 'would_deny';
  return reason === 'malformed' || reason === 'truncated' || reason === 'extension_limit' || reason === 'vlan_limit'
    ? 'malformed'
    : 'permit';
}

/** What a rule does, as the marks of the table show it. */
export const RULE_VERDICT: Record<RuleAction, Verdict> = { permit: 'permit', deny: 'deny', observe: 'would_deny' };

export const ACTION_TEXT: Record<RuleAction, string> = {
  permit: 'Always permitted. A permit rule wins over every other.',
  deny: 'Denied before the network stack sees it, unless a permit rule matches too.',
  observe: 'Permitted and marked, so you can see what a deny rule would deny.',
};

export const WILL: Record<RuleAction, string> = {
  deny: 'Will deny',
  permit: 'Will always permit',
  observe: 'Will mark, not deny,',
};

/** The same when it is in force. */
export const DOES: Record<RuleAction, string> = {
  deny: 'Denying',
  permit: 'Always permitting',
  observe: 'Marking, not denying,',
};
