/** What the hub stores of a group's rules: one record, so that a generation and its rollout change together. */
import { ROLLOUT_STAGES } from '@packetlog/common/fleet';
import * as z from 'zod/mini';

const count = z.int().check(z.nonnegative());

/** A generation whose signed text is a blob. */
const storedGenerationSchema = z.object({
  number: count,
  hash: z.string(),
  /** Name of the blob. */
  blob: z.string(),
  /** Length of the signed text. */
  bytes: count,
});
export type StoredGeneration = z.infer<typeof storedGenerationSchema>;

const newestSchema = z.extend(storedGenerationSchema, {
  by: z.string(),
  at_ms: z.number(),
  note: z.string(),
  /** How many. */
  rules: count,
  lists: count,
});

export const rolloutRecordSchema = z.object({
  generation: newestSchema,
  /** The newest generation whose rollout was done: for nodes that the newest one has not reached. Absent: none was. */
  base: z.optional(storedGenerationSchema),
  state: z.enum(['running', 'stopped', 'done']),
  stage: z.enum(ROLLOUT_STAGES),
  /** From 1; each resumption tries again what nodes have rejected. */
  attempt: count,
  /** Nodes of the stages `one` and `few`, in the order in which they were chosen. */
  chosen: z.array(z.string()),
  why: z.optional(z.string()),
});
export type RolloutRecord = z.infer<typeof rolloutRecordSchema>;

/** Of a group that was removed: a later one of that name continues its numbers, because nodes reject lower ones. */
const removedSchema = z.object({ last_number: count });

export const groupRulesSchema = z.union([rolloutRecordSchema, removedSchema]);
export type GroupRules = z.infer<typeof groupRulesSchema>;

export function isRollout(rules: GroupRules | undefined): rules is RolloutRecord {
  return rules !== undefined && 'generation' in rules;
}

/** Returns the number of the newest generation; 0: there was none. */
export function newestNumber(rules: GroupRules | undefined): number {
  if (rules === undefined) return 0;
  return isRollout(rules) ? rules.generation.number : rules.last_number;
}

/** Returns the record of a new generation. Nodes that have the earlier one keep it until the new one reaches them. */
export function nextRollout(
  earlier: GroupRules | undefined,
  generation: RolloutRecord['generation'],
  isAtOnce: boolean,
): RolloutRecord {
  const base = !isRollout(earlier) ? undefined : earlier.state === 'done' ? asStored(earlier.generation) : earlier.base;
  const stage = isAtOnce ? 'all' : 'one';
  return { generation, ...(base && { base }), state: 'running', stage, attempt: 1, chosen: [] };
}

function asStored({ number, hash, blob, bytes }: StoredGeneration): StoredGeneration {
  return { number, hash, blob, bytes };
}
