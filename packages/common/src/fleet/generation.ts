/**
 * A generation: the rules that a hub wants on all nodes of a group, signed. A node keeps the newest accepted one on its
 * disk beside its own rules, so it enforces them without a hub.
 */
import * as z from 'zod/mini';
import { defaultPolicySchema, fileRuleSchema, setNameSchema } from '../rules/rule.ts';
import { groupNameSchema, MAX_FLEET_LIST_NAME, personNameSchema } from './fleet-names.ts';

const listNameSchema = setNameSchema.check(
  z.maxLength(MAX_FLEET_LIST_NAME, { error: `Write at most ${MAX_FLEET_LIST_NAME} characters.` }),
);

/** Rules of a generation. They neither replace nor change a node's own rules and protected addresses. */
export const fleetRulesSchema = z.strictObject({
  /** Absent: that of the node. Otherwise the node keeps its own for later. */
  default_policy: z.optional(defaultPolicySchema),
  /** A node ignores `id`, `created_by`, `created_at` and `group`, and leaves out those that have expired. */
  rules: z._default(z.array(fileRuleSchema), []),
  /**
   * Lists as text, as for `packetlog rules import`. Sources of rules can only be these sets. On a node a set is named
   * `fleet.NAME`.
   */
  lists: z._default(z.record(listNameSchema, z.string()), {}),
});
export type FleetRules = z.output<typeof fleetRulesSchema>;

export const generationSchema = z.strictObject({
  group: groupNameSchema,
  /** From 1, without gaps in a group. A node rejects one that is lower than its newest. */
  number: z.int().check(z.minimum(1)),
  /** `sha256:` and 64 hex digits, over `rules` in canonical JSON. */
  hash: z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)),
  by: personNameSchema,
  at_ms: z.number(),
  /** Why, for people. */
  note: z.string().check(z.maxLength(256)),
  /** Apply it even if the lockout guard of a node finds a protected address locked out. */
  force: z.optional(z.boolean()),
  rules: fleetRulesSchema,
});
export type Generation = z.output<typeof generationSchema>;

/** Returns JSON with sorted keys, so that equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
