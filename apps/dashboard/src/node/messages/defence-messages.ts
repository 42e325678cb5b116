/** Checks of messages about limits and bans, see messages.ts. Loaded when something shows them. */
import {
  BAN_GUARDS,
  type Ban,
  type Bans,
  type BucketLevel,
  DECISION_KINDS,
  type Decision,
  type LimitLevels,
  type Rule,
} from '@packetlog/common';
import type { DefenceAnswers, DefenceEvent } from './defence-events.ts';
import { ruleShape } from './rules-messages.ts';
import { type Check, isCount, isFlag, isList, isNumber, isOneOf, isRecord, isShape, isText, mayBe } from './shape.ts';

const isBucketLevel = isShape<BucketLevel>({
  bucket: isText,
  level: isNumber,
  is_over: isFlag,
  blocked_until_ms: mayBe(isNumber),
});

const isLimitLevels = isShape<LimitLevels>({
  at_ms: isNumber,
  limits: isList(
    isShape<LimitLevels['limits'][number]>({
      rule: isCount,
      followed: isCount,
      over: isCount,
      evicted: isCount,
      top: isList(isBucketLevel),
    }),
  ),
  evicted_connections: mayBe(isCount),
});

const isBan = isShape<Ban>({
  decision: isCount,
  ban_rule: isCount,
  source: isText,
  limit_rule: isCount,
  began_at_ms: isNumber,
  ends_at_ms: isNumber,
  strike: isCount,
  packets: isCount,
});

export const isBans = isShape<Bans>({
  at_ms: isNumber,
  active: isCount,
  max_active: isCount,
  newest: isList(isBan),
  decided: isRecord(isCount) as Check<unknown> as Check<Bans['decided']>,
  undone: isCount,
});

export const isDecision = isShape<Decision>({
  id: isCount,
  at_ms: isNumber,
  kind: isOneOf(...DECISION_KINDS),
  source: isText,
  rule: isShape<Rule>(ruleShape),
  attempts: isShape<Decision['attempts']>({ in_1_s: isCount, in_10_s: isCount, in_60_s: isCount }),
  is_sampled: mayBe(isFlag),
  connections: isCount,
  connections_within_ms: mayBe(isCount),
  ports: isList(isCount),
  samples: isList(isRecord(isAnything)) as Check<Decision['samples']>,
  guards: isList(
    isShape<Decision['guards'][number]>({ guard: isOneOf(...BAN_GUARDS), passed: isFlag, note: mayBe(isText) }),
  ),
  strike: isCount,
  duration_ms: isCount,
  ends_at_ms: mayBe(isNumber),
  ban_rule: mayBe(isCount),
  undone: mayBe(isShape<NonNullable<Decision['undone']>>({ at_ms: isNumber, by: isText, permit_rule: mayBe(isCount) })),
});

export const DEFENCE_CHECKS: { readonly [Event in DefenceEvent]: Check<DefenceAnswers[Event]> } = {
  'limits:top': isLimitLevels,
  'bans:list': isShape<DefenceAnswers['bans:list']>({ active: isCount, bans: isList(isBan) }),
  'bans:decisions': isShape<DefenceAnswers['bans:decisions']>({ decisions: isList(isDecision) }),
  'bans:undo': isShape<DefenceAnswers['bans:undo']>({ undone: isList(isCount), permit_rules: isList(isCount) }),
};

function isAnything(_: unknown): _ is unknown {
  return true;
}
