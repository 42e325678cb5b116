/** The rollout of a group as people see it. */
import type { Group, NodeRules, Rollout } from '@packetlog/common/fleet';
import { outcomeOf } from './node-outcome.ts';
import { type GroupRules, isRollout, type RolloutRecord } from './rollout-record.ts';

/** `told`: what each node of the group told last. */
export function rolloutOf(
  { generation, state, stage, why }: RolloutRecord,
  group: string,
  told: readonly (NodeRules | undefined)[],
): Rollout {
  const outcomes = told.map((rules) => outcomeOf({ group, ...generation }, rules));
  const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
  return {
    number: generation.number,
    state,
    stage,
    wanted: told.length,
    in_force: count('in_force'),
    waiting: count('waiting'),
    rejected: count('rejected'),
    failed: count('failed'),
    ...(why !== undefined && { why }),
  };
}

export function groupOf(name: string, rules: GroupRules | undefined, told: readonly (NodeRules | undefined)[]): Group {
  if (!isRollout(rules)) return { name, nodes: told.length };
  const { number, hash, by, at_ms, note, rules: count, lists } = rules.generation;
  const generation = { number, hash, by, at_ms, note, rules: count, lists };
  return { name, nodes: told.length, generation, rollout: rolloutOf(rules, name, told) };
}
