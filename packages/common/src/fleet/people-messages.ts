/**
 * Messages between a hub and people (dashboards and other clients), in the default namespace of the hub's socket.io.
 * The handshake is that of a loader: `auth: { token }`. After `hub`, the hub sends `fleet` (all nodes), then at most once
 * a second the nodes that changed. A single node is used through `nodePath(NAME)` exactly as a loader.
 */
import * as z from 'zod/mini';
import type { PastDryRunReport } from '../past/past-dry-run.ts';
import type { PastRates, PastRows, PastTop } from '../past/past-requests.ts';
import { MAX_NODES_OF_A_HUB } from './fleet-limits.ts';
import { groupNameSchema, nodeNameSchema, personNameSchema } from './fleet-names.ts';
import { type FleetRules, fleetRulesSchema } from './generation.ts';
import { nodeReportSchema } from './node-report.ts';

const count = z.int().check(z.nonnegative());
const nothing = z.strictObject({});

/** `look`: see everything. `rules`: also change rules of the groups. `admin`: also administer nodes, tokens and people. */
export const roleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('look') }),
  z.strictObject({ kind: z.literal('rules'), groups: z.array(groupNameSchema).check(z.minLength(1), z.maxLength(64)) }),
  z.strictObject({ kind: z.literal('admin') }),
]);
export type Role = z.infer<typeof roleSchema>;

export const hubHelloSchema = z.object({
  version: z.string(),
  /** Host name of the hub. */
  hub: z.string(),
  started_at_ms: z.number(),
  person: personNameSchema,
  role: roleSchema,
  /** Whether the fleet's history is kept in ClickHouse. */
  has_history: z.boolean(),
});
export type HubHello = z.infer<typeof hubHelloSchema>;

export const fleetNodeSchema = z.object({
  name: nodeNameSchema,
  group: groupNameSchema,
  joined_at_ms: z.number(),
  /** SHA-256 of its public key, hex, the first 16 digits. */
  key: z.string(),
  /** The hub's clock when the node was heard last; null: not since the hub started. Show its age. */
  heard_at_ms: z.nullable(z.number()),
  /** The generation that it should have; absent: its group has none, or the rollout has not reached it. */
  wanted: z.optional(count),
  report: z.optional(nodeReportSchema),
});
export type FleetNode = z.infer<typeof fleetNodeSchema>;

/** Rows that the hub passed on to this person from nodes, and those that it could not: the hop *hub* of the ledger. */
export const hubLedgerSchema = z.object({ received: count, sent: count, withheld: count });
export type HubLedger = z.infer<typeof hubLedgerSchema>;

export const fleetSchema = z.object({
  /** The hub's clock. */
  at_ms: z.number(),
  /** Whether `nodes` are all nodes; otherwise those that changed. */
  is_full: z.boolean(),
  nodes: z.array(fleetNodeSchema),
  removed: z.array(nodeNameSchema),
});
export type Fleet = z.infer<typeof fleetSchema>;

export const ROLLOUT_STAGES = ['one', 'few', 'all'] as const;
export const rolloutSchema = z.object({
  number: count,
  /** `stopped`: a node rejected it, or a person stopped it. */
  state: z.enum(['running', 'stopped', 'done']),
  stage: z.enum(ROLLOUT_STAGES),
  wanted: count,
  in_force: count,
  waiting: count,
  rejected: count,
  failed: count,
  /** Why it stopped: a sentence that names the node. */
  why: z.optional(z.string()),
});
export type Rollout = z.infer<typeof rolloutSchema>;

export const groupSchema = z.object({
  name: groupNameSchema,
  nodes: count,
  /** Of the newest generation; absent: the group has no rules. */
  generation: z.optional(
    z.object({
      number: count,
      hash: z.string(),
      by: z.string(),
      at_ms: z.number(),
      note: z.string(),
      rules: count,
      lists: count,
    }),
  ),
  rollout: z.optional(rolloutSchema),
});
export type Group = z.infer<typeof groupSchema>;

export const joinTokenStateSchema = z.object({
  id: z.string(),
  group: groupNameSchema,
  expires_at_ms: z.number(),
  uses_left: count,
});
export type JoinTokenState = z.infer<typeof joinTokenStateSchema>;

export const fleetAuditEntrySchema = z.object({
  at_ms: z.number(),
  person: z.string(),
  /** Address of the person; absent: a command on the hub. */
  address: z.optional(z.string()),
  what: z.string(),
  /** A node, group, token or person. */
  target: z.string(),
  /** Absent: done. Otherwise why not. */
  rejected: z.optional(z.string()),
});
export type FleetAuditEntry = z.infer<typeof fleetAuditEntrySchema>;

const pastQuestion = z.strictObject({
  /** Only packets of these nodes; absent: of all. */
  nodes: z.optional(z.array(nodeNameSchema).check(z.maxLength(MAX_NODES_OF_A_HUB))),
  request: z.unknown(),
});

/** Rows of several nodes. Interfaces have names only on their nodes. */
export interface FleetPastRows extends PastRows {
  /** The node of each row. */
  readonly nodes: readonly string[];
}

/**
 * The fleet's history: since the hub started, except what is in the spool. Rows are of the table `packets`, if nothing else
 * is said.
 */
export interface FleetHistory {
  /** Written to the hub's disk. */
  readonly acknowledged_rows: number;
  readonly acknowledged_blocks: number;
  /** Blocks that were acknowledged before. */
  readonly duplicate_blocks: number;
  readonly malformed_blocks: number;
  /** Blocks that were not taken because the spool was full or the disk failed. */
  readonly full_blocks: number;
  readonly spool_bytes: number;
  readonly spool_max_bytes: number;
  readonly spool_blocks: number;
  readonly spool_rows: number;
  readonly inserted_rows: number;
  readonly inserts: number;
  readonly insert_failures: number;
  /** Rows of all tables that may be in ClickHouse twice. */
  readonly possibly_duplicated_rows: number;
  /** Why ClickHouse takes no blocks now. */
  readonly problem?: string;
}

/** One schema per request; the key is the name after `fleet:`. */
export const fleetRequestSchemas = {
  nodes: nothing,
  groups: nothing,
  rename: z.strictObject({ node: nodeNameSchema, to: nodeNameSchema }),
  revoke: z.strictObject({ node: nodeNameSchema }),
  move: z.strictObject({ node: nodeNameSchema, group: groupNameSchema }),
  group_add: z.strictObject({ group: groupNameSchema }),
  /** Rejected while it has nodes. */
  group_remove: z.strictObject({ group: groupNameSchema }),
  rules: z.strictObject({ group: groupNameSchema }),
  /** Makes the next generation. Rejected (`conflict`) if the newest number is another one than `expected`. */
  rules_apply: z.strictObject({
    group: groupNameSchema,
    /** 0: there was none. */
    expected: count,
    rules: fleetRulesSchema,
    note: z._default(z.string().check(z.maxLength(256)), ''),
    force: z.optional(z.boolean()),
    /** Put it on all nodes at once, in place of 1, 5 %, all. */
    at_once: z.optional(z.boolean()),
  }),
  rollout: z.strictObject({ group: groupNameSchema, action: z.enum(['stop', 'resume']) }),
  repair: z.strictObject({ node: nodeNameSchema }),
  /** Asks the recorders of a group's nodes, or of all nodes. `request`: of `past:dry_run`. */
  dry_run: z.strictObject({ group: z.optional(groupNameSchema), request: z.unknown() }),
  /** Questions about the fleet's history, in ClickHouse. `request`: of `past:rates`, `past:top` and `past:rows`. */
  past_rates: pastQuestion,
  past_top: pastQuestion,
  past_rows: pastQuestion,
  /** What became of the blocks of all nodes. */
  history: nothing,
  join_token: z.strictObject({
    for_s: z.int().check(z.minimum(1), z.maximum(30 * 86_400)),
    uses: z.int().check(z.minimum(1), z.maximum(100_000)),
    group: z._default(groupNameSchema, 'default'),
  }),
  join_tokens: nothing,
  join_token_revoke: z.strictObject({ id: z.string().check(z.maxLength(16)) }),
  people: nothing,
  person_add: z.strictObject({ person: personNameSchema, role: roleSchema }),
  person_remove: z.strictObject({ person: personNameSchema }),
  audit: z.strictObject({ limit: z._default(z.int().check(z.minimum(1), z.maximum(10_000)), 100) }),
} as const;
export type FleetVerb = keyof typeof fleetRequestSchemas;
export type FleetRequest<Verb extends FleetVerb> = z.input<(typeof fleetRequestSchemas)[Verb]>;
export type CheckedFleetRequest<Verb extends FleetVerb> = z.output<(typeof fleetRequestSchemas)[Verb]>;

/** The answers of nodes, summed. "n of m answered" belongs to every answer. */
export interface Asked<T> {
  readonly asked: number;
  readonly answered: number;
  /** Why others did not answer: node and reason, at most 100. */
  readonly missing: readonly { readonly node: string; readonly why: string }[];
  readonly sum: T;
}

export interface FleetResults {
  nodes: Fleet;
  groups: { groups: Group[] };
  rename: { node: string };
  revoke: { node: string };
  move: { node: string; group: string };
  group_add: { group: string };
  group_remove: { group: string };
  rules: { number: number; hash?: string; rules: FleetRules };
  rules_apply: { number: number; hash: string; rollout: Rollout };
  rollout: { rollout: Rollout };
  repair: { node: string };
  dry_run: Asked<PastDryRunReport>;
  past_rates: PastRates;
  past_top: PastTop;
  past_rows: FleetPastRows;
  history: FleetHistory;
  join_token: { token: string; id: string; expires_at_ms: number };
  join_tokens: { tokens: JoinTokenState[] };
  join_token_revoke: { id: string };
  people: { people: { person: string; role: Role; added_at_ms: number }[] };
  person_add: { person: string; token: string };
  person_remove: { person: string };
  audit: { entries: FleetAuditEntry[] };
}

export const fleetErrorSchema = z.object({
  /** `conflict`: another change came first; read again and repeat. */
  code: z.enum(['forbidden', 'invalid', 'not_found', 'conflict', 'unavailable', 'internal']),
  /** A sentence that ends with the next step. */
  message: z.string(),
  field: z.optional(z.string()),
  retry_after_ms: z.optional(count),
});
export type FleetError = z.infer<typeof fleetErrorSchema>;
export type FleetAnswer<Verb extends FleetVerb> =
  | { ok: true; value: FleetResults[Verb] }
  | { ok: false; error: FleetError };

export interface HubToPersonEvents {
  hub: (hello: HubHello) => void;
  fleet: (fleet: Fleet) => void;
  groups: (groups: { groups: Group[] }) => void;
}

export type PersonToHubEvents = {
  [Verb in FleetVerb as `fleet:${Verb}`]: (
    request: FleetRequest<Verb>,
    acknowledge: (answer: FleetAnswer<Verb>) => void,
  ) => void;
};
