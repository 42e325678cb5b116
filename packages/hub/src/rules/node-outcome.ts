/** What a node has made of the generation that it should have: pure functions of what it told last. */
import type { NodeRules } from '@packetlog/common/fleet';
import type { RolloutRecord, StoredGeneration } from './rollout-record.ts';

/** `unknown`: the node has not told. */
export type Outcome = 'in_force' | 'waiting' | 'rejected' | 'failed' | 'unknown';

export interface WantedGeneration extends Pick<StoredGeneration, 'number' | 'hash'> {
  readonly group: string;
}

/** `rules`: what the node told on this connection; undefined: nothing yet. */
export function outcomeOf(wanted: WantedGeneration, rules: NodeRules | undefined): Outcome {
  if (rules === undefined) return 'unknown';
  const answer = rules.answer?.number === wanted.number ? rules.answer.state : undefined;
  // A risky generation is in force while it waits.
  if (answer === 'waiting') return answer;
  if (hasInForce(wanted, rules)) return 'in_force';
  return answer === 'rejected' || answer === 'failed' ? answer : 'unknown';
}

export function hasInForce({ group, number, hash }: WantedGeneration, { generation }: NodeRules): boolean {
  return generation?.group === group && generation.number === number && generation.hash === hash;
}

/** Returns whether the node waits with this generation in force: it has answered since, so it can be confirmed. */
export function canBeConfirmed(wanted: WantedGeneration, rules: NodeRules | undefined): boolean {
  return outcomeOf(wanted, rules) === 'waiting' && rules?.answer?.pending_until_ms !== undefined;
}

/**
 * Returns the generation that a node should have; undefined: leave its rules as they are. A rollout that was stopped
 * leaves nodes that have its generation with it.
 */
export function targetOf(
  record: RolloutRecord,
  group: string,
  node: string,
  rules: NodeRules | undefined,
): StoredGeneration | undefined {
  const { generation, base, state, stage, chosen } = record;
  const isReached = state === 'done' || (state === 'running' && (stage === 'all' || chosen.includes(node)));
  if (isReached) return generation;
  const has = rules?.generation;
  const outcome = outcomeOf({ group, ...generation }, rules);
  if (state === 'stopped' && outcome === 'in_force') return generation;
  // A generation between both was stopped: the node would reject the lower number.
  if (base !== undefined && has?.group === group && has.number > base.number) return undefined;
  return base;
}
