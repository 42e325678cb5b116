/** Builds the rules snapshot for clients. */
import type { PendingChange, RulesAlarm, RulesSnapshot, RulesStep } from '@packetlog/common';
import { stepForClients } from '../ruleset/change-history.ts';
import { describeSet } from '../ruleset/describe-set.ts';
import { isExpired, type Ruleset } from '../ruleset/ruleset.ts';
import type { RuleTotals } from '../store/rule-totals.ts';

export interface SnapshotParts extends Pick<RulesSnapshot, 'revision' | 'enforcing' | 'pinned' | 'in_force'> {
  readonly ruleset: Ruleset;
  readonly totals: RuleTotals;
  readonly pending: PendingChange | undefined;
  /** The steps that undo and redo would act on next. */
  readonly lastChange: RulesStep | undefined;
  readonly undone: RulesStep | undefined;
  readonly alarms: RulesAlarm[];
}

/** Leaves out expired rules, which the kernel already skips. */
export function snapshotOf({
  ruleset,
  totals,
  pending,
  lastChange,
  undone,
  alarms,
  ...facts
}: SnapshotParts): RulesSnapshot {
  const nowMs = Date.now();
  const rules = ruleset.rules.filter((rule) => !isExpired(rule, nowMs));
  return {
    ...facts,
    default_policy: ruleset.defaultPolicy,
    rules: rules.map((rule) => ({ ...rule, ...totals.of(rule.id) })),
    sets: [...ruleset.sets.values()].map(describeSet),
    ...(pending && { pending }),
    ...(lastChange && { last_change: stepForClients(lastChange) }),
    ...(undone && { undone: stepForClients(undone) }),
    ...(alarms.length === 0 ? {} : { alarms }),
  };
}
