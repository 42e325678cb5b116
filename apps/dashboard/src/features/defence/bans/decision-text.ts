import type { BanGuard, Decision, DecisionKind } from '@packetlog/common';
import { spanText } from '../../../text/clock.ts';
import { counted, formatCount } from '../../../text/number.ts';
import { matchParts } from '../../../text/rule-text.ts';
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
  operator: { name: 'Operators', passed: 'No operator and no ssh session uses the source.' },
  infrastructure: { name: 'Gateways, name servers', passed: 'The source is none of them.' },
  other_connections: { name: 'Other connections', passed: 'The source has none that is older than 60 s.' },
  verified: { name: 'Verified', passed: 'The kernel verified the connections: the source is not forged.' },
  ban_limit: { name: 'Number of bans', passed: 'Another ban may be added.' },
};

/** Returns '1st', '2nd', '3rd', '4th'. */
export function ordinal(count: number): string {
  const endings = ['th', 'st', 'nd', 'rd'];
  const isTeen = count % 100 > 10 && count % 100 < 14;
  return `${formatCount(count)}${(isTeen ? undefined : endings[count % 10]) ?? 'th'}`;
}

/**
 * Explains a decision: 'Banned for 4 h (2nd time): 61 connections to tcp port 22 in 60 s, limit 20/min; all verified.'
 */
export function decisionSentence(decision: Decision): string {
  const { kind, duration_ms, strike, guards } = decision;
  const why = causeText(decision);
  const time = `${spanText(duration_ms)}${strike > 1 ? ` (${ordinal(strike)} time)` : ''}`;
  if (kind === 'ban') return `Banned for ${time}: ${why}.`;
  if (kind === 'would_ban') return `Would be banned for ${time}: ${why}. The limit observes.`;
  const objection = guards.find(({ passed }) => !passed);
  const because = objection?.note ?? (objection && GUARD_TEXT[objection.guard].name.toLowerCase());
  return `Not banned${because === undefined ? '' : `: ${because}`}. Over the limit: ${why}.`;
}

/** What the limit counted: '61 connections to tcp port 22 in 60 s, limit 20/min; 58 verified'. */
function causeText({ rule, attempts, connections }: Decision): string {
  const { service } = matchParts(rule);
  const to = service === '' ? '' : ` to ${service}`;
  const count = Math.max(attempts.in_60_s, connections);
  const verified = connections >= count ? 'all verified' : `${formatCount(connections)} verified`;
  return `${counted(count, 'connection')}${to} in 60 s, limit ${rule.rate ?? ''}; ${verified}`;
}
