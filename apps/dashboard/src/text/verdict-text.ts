/** The text of every verdict: what became of a packet, what a rule does, what the default policy means. */
import { actionName, type DefaultPolicy, type RuleAction } from '@packetlog/common';

/** What became of a packet. Each verdict has its own colour and shape. */
export type Verdict = 'permit' | 'deny' | 'would_deny' | 'malformed' | 'aborted';

/** Returns the verdict of a record. `reason` is the name of its reason. */
export function verdictOf(action: number, reason: string): Verdict {
  const name = actionName(action);
  if (name === 'deny') return 'deny';
  if (name !== 'permit') return 'aborted';
  if (reason === 'would_deny') return 'would_deny';
  return reason === 'malformed' || reason === 'truncated' || reason === 'extension_limit' || reason === 'vlan_limit'
    ? 'malformed'
    : 'permit';
}

export interface VerdictText {
  /** Names a count of such packets, or a line of the chart: 'denied'. */
  readonly label: string;
  /** Names one such packet: 'Denied'. */
  readonly title: string;
  /** What became of such a packet, as a sentence. */
  readonly meaning: string;
}

export const VERDICT_TEXT: Readonly<Record<Verdict, VerdictText>> = {
  permit: { label: 'permitted', title: 'Permitted', meaning: 'Passed to the network stack.' },
  deny: { label: 'denied', title: 'Denied', meaning: 'Denied by a rule or by the default policy.' },
  would_deny: {
    label: 'would deny',
    title: 'Permitted, would deny',
    meaning: 'Permitted, and marked by an observe rule.',
  },
  malformed: {
    label: 'malformed',
    title: 'Permitted, malformed',
    meaning: 'Permitted; its headers could not be read.',
  },
  aborted: { label: 'aborted', title: 'Aborted', meaning: 'Lost to an error of the XDP program.' },
};

/** The verdict on packets that match a rule with this action, whose mark stands for the action. */
export const RULE_VERDICT: Record<RuleAction, Verdict> = { permit: 'permit', deny: 'deny', observe: 'would_deny' };

/** What a rule with this action does, as a sentence. */
export const ACTION_TEXT: Record<RuleAction, string> = {
  permit: 'Packets that match are always permitted. Permit wins over deny and observe.',
  deny: 'Packets that match are denied before the network stack sees them, unless a permit rule matches as well.',
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
  observe: 'Will observe packets from',
};

/** Beginning of the same sentence about a rule that exists. */
export const DOES: Record<RuleAction, string> = {
  deny: 'Denies packets from',
  permit: 'Always permits packets from',
  observe: 'Observes packets from',
};
