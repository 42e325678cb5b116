// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/** Checks of the loader's messages about rules, see messages.ts. */
import type { Rule, RuleCounters, RulesError, RulesSnapshot, RulesStep } from '@packetlog/common';
import { type Check, isCount, isFlag, isList, isNumber, isOneOf, isShape, isText, mayBe } from './shape.ts';

const counted = {
  packets: isCount,
  bytes: isCount,
  over_packets: mayBe(isCount),
  over_bytes: mayBe(isCount),
  last_seen_ms: mayBe(isNumber),
};
const isAction = isOneOf<RulesSnapshot['rules'][number]['action']>('permit', 'deny', 'limit', 'observe');

/** What a rule is, without its counters. */
export const ruleShape: { readonly [Key in keyof Rule]-?: Check<Rule[Key]> } = {
  id: isCount,
  action: isAction,
  source: isText,
  protocol: mayBe(isTextOrNumber),
  destination_port: mayBe(isTextOrNumber),
  interface: mayBe(isText),
  tcp_flags: mayBe(isText),
  destination: mayBe(isText),
  length: mayBe(isTextOrNumber),
  fragment: mayBe(isFlag as Check<true>),
  rate: mayBe(isText),
  measure: mayBe(isText as Check<NonNullable<Rule['measure']>>),
  burst: mayBe(isCount),
  per: mayBe(isText),
  then: mayBe(isText),
  enforce: mayBe(isFlag),
  reason: isText,
  created_by: isText,
  created_at: isText,
  expires_at: mayBe(isText),
  group: mayBe(isText),
};

const isRulesStep = isShape<RulesStep>({
  id: isCount,
  what: isText,
  who: isShape<RulesStep['who']>({ name: isText, via: isOneOf('socket', 'control', 'file', 'loader') }),
  at_ms: isNumber,
  revision: isCount,
});

export const isRulesSnapshot = isShape<RulesSnapshot>({
  revision: isCount,
  default_policy: isOneOf<RulesSnapshot['default_policy']>('permit', 'deny'),
  rules: isList(
    isShape<RulesSnapshot['rules'][number]>({
      ...ruleShape,
      warning: mayBe(isText),
      ...counted,
    }),
  ),
  sets: isList(
    isShape<RulesSnapshot['sets'][number]>({
      name: isText,
      entries: isCount,
      file: mayBe(isText),
      loaded_at_ms: isNumber,
    }),
  ),
  pending: mayBe(
    isShape<NonNullable<RulesSnapshot['pending']>>({ until_ms: isNumber, revision_before: isCount, why: isText }),
  ),
  last_change: mayBe(isRulesStep),
  undone: mayBe(isRulesStep),
  alarms: mayBe(
    isList(
      isShape<NonNullable<RulesSnapshot['alarms']>[number]>({
        code: isText as Check<NonNullable<RulesSnapshot['alarms']>[number]['code']>,
        message: isText,
        since_ms: isNumber,
      }),
    ),
  ),
  bans: mayBe(isCount),
  in_force: mayBe(
    isShape<NonNullable<RulesSnapshot['in_force']>>({
      by: isOneOf<NonNullable<RulesSnapshot['in_force']>['by']>('loader', 'kernel', 'none'),
      interfaces: isList(
        isShape<NonNullable<RulesSnapshot['in_force']>['interfaces'][number]>({
          name: isText,
          ifindex: isCount,
          mode: isText,
        }),
      ),
      not_filtered: mayBe(isList(isShape<{ name: string; why: string }>({ name: isText, why: isText }))),
      is_current: isFlag,
      default_policy: mayBe(isOneOf<RulesSnapshot['default_policy']>('permit', 'deny')),
      rules: mayBe(
        isList(
          isShape<NonNullable<NonNullable<RulesSnapshot['in_force']>['rules']>[number]>({
            id: isCount,
            action: isAction,
            source: mayBe(isText),
            expires_at: mayBe(isText),
            ...counted,
          }),
        ),
      ),
    }),
  ),
  enforcing: isFlag,
  pinned: isFlag,
});

export const isRuleCounters: Check<RuleCounters> = isList(isShape<RuleCounters[number]>({ id: isCount, ...counted }));

/** Unknown codes are accepted: people read the message. */
export const isRulesError = isShape<RulesError>({
  code: isText as Check<RulesError['code']>,
  message: isText,
  field: mayBe(isText),
  protected: mayBe(
    isShape<NonNullable<RulesError['protected']>>({
      kind: isText as Check<NonNullable<RulesError['protected']>['kind']>,
      address: isText,
    }),
  ),
  limit: mayBe(isCount),
  retry_after_ms: mayBe(isCount),
});

function isTextOrNumber(value: unknown): value is string | number {
  return isText(value) || isNumber(value);
}
