/** What a node tells its hub about itself. */
import * as z from 'zod/mini';
import { attachModeSchema } from '../protocol/ledger.ts';
import { groupNameSchema } from './fleet-names.ts';

const count = z.int().check(z.nonnegative());
const text = z.string().check(z.maxLength(512));
const MAX_TOPS = 10;
const MAX_INTERFACES = 64;

/**
 * What a node did with the generation that the hub wants. `waiting`: not decided yet, or risky and in force until it
 * reverts, unless the hub confirms. `rejected`: the node's guard, limits or checks do not accept it. `failed`: it
 * could not be written or put in force.
 */
export const GENERATION_STATES = ['in_force', 'waiting', 'rejected', 'failed'] as const;
export type GenerationState = (typeof GENERATION_STATES)[number];

export const nodeRulesSchema = z.strictObject({
  /** Of the node's rules. */
  revision: count,
  /** Newest generation in force; absent: none. */
  generation: z.optional(
    z.strictObject({ group: groupNameSchema, number: count, hash: z.string().check(z.maxLength(80)) }),
  ),
  /** Answer to the newest generation received; absent: none was received since the start. */
  answer: z.optional(
    z.strictObject({
      number: count,
      state: z.enum(GENERATION_STATES),
      /** For `rejected` and `failed`: the code of the node's error, such as `lockout`. */
      code: z.optional(z.string().check(z.maxLength(64))),
      /** A sentence. */
      message: z.optional(text),
      /** Of a risky one: until when it is in force without a confirmation. */
      pending_until_ms: z.optional(z.number()),
    }),
  ),
  /** How the rules differ from those of `generation`, because somebody changed them on the node. Absent: not at all. */
  drift: z.optional(z.array(text).check(z.maxLength(20))),
});
export type NodeRules = z.infer<typeof nodeRulesSchema>;

/** Blocks of recorded packets for the fleet's history, in records. `offered = acked + pending + expired + rejected`. */
export const shipLedgerSchema = z.strictObject({
  offered: count,
  /** A hub has written them to its disk. */
  acked: count,
  pending: count,
  /** Retention deleted them before a hub took them, or they were damaged. */
  expired: count,
  /** A hub rejected their block as malformed: a fault. Absent: none. */
  rejected: z.optional(count),
});
export type ShipLedger = z.infer<typeof shipLedgerSchema>;

export const nodeReportSchema = z.strictObject({
  /** The node's clock. */
  at_ms: z.number(),
  version: z.string().check(z.maxLength(64)),
  session_id: z.string().check(z.maxLength(64)),
  started_at_ms: z.number(),
  interfaces: z
    .array(
      z.strictObject({
        name: z.string().check(z.maxLength(15)),
        mode: attachModeSchema,
        state: z.enum(['attached', 'gone', 'waiting']),
      }),
    )
    .check(z.maxLength(MAX_INTERFACES)),
  /** Length of the interval that the following counts are of. */
  interval_ms: z.number().check(z.positive()),
  packets: count,
  bytes: count,
  denied: count,
  top_sources: z
    .array(z.strictObject({ addr: z.string().check(z.maxLength(64)), packets: count, bytes: count }))
    .check(z.maxLength(MAX_TOPS)),
  top_ports: z
    .array(z.strictObject({ ip_protocol: count, port: count, packets: count, bytes: count }))
    .check(z.maxLength(MAX_TOPS)),
  /** Sums over all interfaces since the loader started, exact. */
  ledger: z.strictObject({
    seen: count,
    permitted: count,
    denied: count,
    aborted: count,
    /** Not recorded because 1 of N is. */
    sampled_out: count,
    filtered_out: count,
    /** Records lost: no room in a ring. */
    ring_full: count,
  }),
  recorder: z.enum(['recording', 'stopped', 'off']),
  ship: z.optional(shipLedgerSchema),
  rules: nodeRulesSchema,
  /** The newest notice of level warning or error. */
  alarm: z.optional(
    z.strictObject({
      at_ms: z.number(),
      level: z.enum(['warning', 'error']),
      code: z.string().check(z.maxLength(64)),
      message: text,
    }),
  ),
});
export type NodeReport = z.infer<typeof nodeReportSchema>;
