/** Decides about one offender. Pure, but for the facts that it is given. */
import { type Decision, FIRST_BAN_RULE_ID } from '@packetlog/common';
import type { BanLimit } from './ban-limit.ts';
import { askGuards, type GuardFacts } from './guards.ts';
import type { Offender } from './offender.ts';
import { banDurationMs } from './strikes.ts';

export interface Case {
  readonly offender: Offender;
  readonly limit: BanLimit;
  readonly strike: number;
}

type Facts = Omit<GuardFacts, 'connections' | 'permitted'>;

/** A decision that has no id yet. */
export type Draft = Omit<Decision, 'id' | 'ban_rule'>;

export function decide({ offender, limit, strike }: Case, facts: Facts): Draft {
  const { source, connections, withinMs, evidence } = offender;
  const { rule, times, permitted } = limit;
  const guards = askGuards(source, { ...facts, connections, permitted });
  const duration_ms = banDurationMs(times, strike);
  const passed = guards.every((each) => each.passed);
  const kind = !passed ? 'not_banned' : rule.enforce === true ? 'ban' : 'would_ban';
  const { attempts, ports, samples, isSampled } = evidence;
  return {
    at_ms: facts.nowMs,
    kind,
    source,
    rule,
    attempts,
    ...(isSampled && { is_sampled: true }),
    connections,
    connections_within_ms: withinMs,
    ports,
    samples,
    guards,
    strike,
    duration_ms,
    ...(kind === 'ban' && { ends_at_ms: facts.nowMs + duration_ms }),
  };
}

/** What two decisions have in common that repeat each other. */
export function outcomeOf({ kind, guards }: Pick<Decision, 'kind' | 'guards'>): string {
  return [kind, ...guards.flatMap(({ guard, passed }) => (passed ? [] : [guard]))].join(' ');
}

export function numbered(draft: Draft, id: number): Decision {
  return { id, ...draft, ...(draft.kind === 'ban' && { ban_rule: FIRST_BAN_RULE_ID + id }) };
}

/** Returns the decision as it is if the ban could not be put in force. */
export function rejected(
  { ban_rule: _, ends_at_ms: __, ...decision }: Decision,
  answer: Decision['guards'][number],
): Decision {
  const guards = decision.guards.map((each) => (each.guard === answer.guard ? answer : each));
  return { ...decision, kind: 'not_banned', guards };
}
