/** The text of every action: what a rule does, what the default policy means. */
import type { DefaultPolicy, RuleAction } from '@packetlog/common';
import type { Verdict } from './verdict-text.ts';

/** The verdict on packets that match a rule with this action, whose mark stands for the action. */
export const RULE_VERDICT: Record<RuleAction, Verdict> = {
  permit: 'permit',
  deny: 'deny',
  limit: 'deny',
  observe: 'would_deny',
};

/** What a rule with this action does, as a sentence. */
export const ACTION_TEXT: Record<RuleAction, string> = {
  permit: 'Packets that match are always permitted. Permit wins over deny and observe.',
  deny: 'Packets that match are denied before the network stack sees them, unless a permit rule matches as well.',
  limit: 'Packets over the rate are denied once the limit is enforced; until then they are permitted and marked.',
  observe:
    'Packets that match are permitted and marked, so you can see what the rule would deny before you enforce it.',
};

/** What becomes of packets that match no rule, as a sentence. */
export const POLICY_TEXT: Record<DefaultPolicy, string> = {
  permit: 'Packets that match no rule are permitted, as they would be without PacketLog.',
  deny: 'Packets that match no permit or observe rule are denied. The change reverts after 30 s unless you confirm it.',
};

/** Beginning of a sentence about a rule that is not added yet. */
export const WILL: Record<RuleAction, string> = {
  deny: 'Will deny packets from',
  permit: 'Will always permit packets from',
  limit: 'Will limit packets from',
  observe: 'Will observe packets from',
};

/** Beginning of the same sentence about a rule that exists. */
export const DOES: Record<RuleAction, string> = {
  deny: 'Denies packets from',
  permit: 'Always permits packets from',
  limit: 'Limits packets from',
  observe: 'Observes packets from',
};
