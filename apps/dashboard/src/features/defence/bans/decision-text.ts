import { type BanGuard, type Decision, type DecisionKind, decisionText } from '@packetlog/common';
import { asSentence } from '../../../text/sentence.ts';
import type { Verdict } from '../../../text/verdict-text.ts';

export const DECISION_TEXT: Readonly<Record<DecisionKind, { readonly word: string; readonly verdict: Verdict }>> = {
  ban: { word: 'Banned', verdict: 'deny' },
  would_ban: { word: 'Would ban', verdict: 'would_deny' },
  not_banned: { word: 'Not banned', verdict: 'permit' },
};

/** Each guard: its name, and what it found if it does not object. */
export const GUARD_TEXT: Readonly<Record<BanGuard, { readonly name: string; readonly passed: string }>> = {
  permit_rule: { name: 'Permit rules', passed: 'None covers the source.' },
  protect_list: { name: 'Protect list', passed: 'The source is not on it.' },
  operator: { name: 'Operators', passed: 'No operator uses the source.' },
  infrastructure: { name: 'Gateways, name servers', passed: 'The source is none of them.' },
  other_connections: { name: 'Other connections', passed: 'The source has none that is older than 60 s.' },
  verified: { name: 'Verified', passed: 'The kernel verified the connections: the source is not forged.' },
  ban_limit: { name: 'Number of bans', passed: 'Another ban may be added.' },
};

/** Explains a decision: 'Banned for 4 h (2nd time): 61 connections to tcp port 22 in 1 min, limit 20/min; all verified.' */
export function decisionSentence(decision: Decision): string {
  return asSentence(decisionText(decision));
}
