/** Decides what to send to one node: pure, apart from the clock of the memory. */
import type { NodeRules } from '@packetlog/common/fleet';
import type { NodeMemory } from './node-memory.ts';
import { canBeConfirmed, outcomeOf, targetOf } from './node-outcome.ts';
import type { RolloutRecord, StoredGeneration } from './rollout-record.ts';

export interface NodeStep {
  readonly kind: 'send' | 'confirm';
  readonly target: StoredGeneration;
  /** Names the generation and the attempt. */
  readonly what: string;
}

/** `rules`: what the node told on this connection. Returns undefined if there is nothing to send now. */
export function planNode(
  record: RolloutRecord,
  group: string,
  node: string,
  rules: NodeRules,
  memory: Pick<NodeMemory, 'hasAnswered' | 'mayAsk'>,
): NodeStep | undefined {
  const target = targetOf(record, group, node, rules);
  if (target === undefined) return undefined;
  const isNewest = target.number === record.generation.number;
  const what = isNewest ? attemptOf(group, record) : `${group} ${target.number}`;
  const wanted = { group, ...target };
  // Only what the node told leads here: it was heard with these rules in force.
  if (canBeConfirmed(wanted, rules)) return { kind: 'confirm', target, what };
  const outcome = outcomeOf(wanted, rules);
  if (outcome === 'in_force' || outcome === 'waiting') return undefined;
  // What was rejected is tried again, once in each attempt.
  const isDecided = outcome !== 'unknown' && (record.state !== 'running' || memory.hasAnswered(node, what));
  return isDecided || !memory.mayAsk(node, what) ? undefined : { kind: 'send', target, what };
}

/** Names one attempt to bring the newest generation to nodes. */
export function attemptOf(group: string, { generation, attempt }: RolloutRecord): string {
  return `${group} ${generation.number} ${attempt}`;
}
