/**
 * Messages between a hub and a node, in the namespace `/node` of the hub's socket.io (WebSocket only). The node dials.
 *
 * 1. The hub sends `challenge`.
 * 2. The node answers with `prove`: its name, its public key and a signature; the first time with a join token. The
 *    acknowledgement has the hub's own signature, which the node checks against the key in the token, or the key that
 *    it stored when it joined.
 * 3. The node sends `report` in the rhythm that the hub sets. The hub sends `generation`, `confirm`, `relay`, `ask`.
 *
 * A relay is one more connection that the node dials, `GET /relay/ID` with `Upgrade: packetlog-relay`: on it the *hub* is the
 * HTTP client, and the node's web server answers, so that a person uses the node as if connected to it directly.
 */
import * as z from 'zod/mini';
import type { Acknowledgement } from '../protocol/protocol.ts';
import { FLEET_PROTOCOL_VERSION, MAX_GENERATION_BYTES } from './fleet-limits.ts';
import { groupNameSchema, nodeNameSchema } from './fleet-names.ts';
import { joinTokenSchema } from './join-token.ts';
import type { NodeReport, NodeRules } from './node-report.ts';
import { nonceSchema, publicKeySchema, type Signed, signatureSchema, signedSchema } from './signed.ts';

export const NODE_NAMESPACE = '/node';
export const RELAY_PATH = '/relay/';
/** `POST`: a block of recorded packets. See `shipHeaders`. */
export const SHIP_PATH = '/ship';
export const RELAY_UPGRADE = 'packetlog-relay';

export const challengeSchema = z.strictObject({
  protocol: z.literal(FLEET_PROTOCOL_VERSION),
  nonce: nonceSchema,
  hub_key: publicKeySchema,
  /** The hub's clock. */
  at_ms: z.number(),
});
export type Challenge = z.infer<typeof challengeSchema>;

/** What the signatures of both sides are over, as canonical JSON: each has chosen one of the nonces. */
export interface ProofPayload {
  readonly node: string;
  readonly node_key: string;
  readonly hub_key: string;
  readonly hub_nonce: string;
  readonly node_nonce: string;
}

export const proveSchema = z.strictObject({
  node: nodeNameSchema,
  public_key: publicKeySchema,
  nonce: nonceSchema,
  /** `node-proof` over the ProofPayload. */
  signature: signatureSchema,
  /** Needed once, for a key that the hub does not know. */
  join_token: z.optional(joinTokenSchema),
  version: z.string().check(z.maxLength(64)),
  boot_id: z.string().check(z.maxLength(64)),
});
export type Prove = z.infer<typeof proveSchema>;

export const welcomeSchema = z.strictObject({
  /** The name that the hub has for this key: a renamed node learns it here. */
  node: nodeNameSchema,
  group: groupNameSchema,
  /** `hub-proof` over the ProofPayload. */
  signature: signatureSchema,
  report_ms: z.int().check(z.minimum(100), z.maximum(600_000)),
  /** Bearer token for SHIP_PATH and RELAY_PATH, valid while this connection lasts. */
  session_token: nonceSchema,
  /** Whether the hub takes blocks of recorded packets, and what it wants of permitted packets. */
  ship: z.enum(['nothing', 'denied', 'all']),
});
export type Welcome = z.infer<typeof welcomeSchema>;

/** Why a hub rejects a node. After `retry_after_ms` the node may try again; without it a person has to act. */
export const NODE_REJECTIONS = [
  'unknown_node',
  'wrong_signature',
  'join_token',
  'name_taken',
  'revoked',
  'protocol',
  'full',
] as const;
export const nodeRejectionSchema = z.object({
  code: z.enum([...NODE_REJECTIONS, 'invalid', 'unavailable', 'internal']),
  message: z.string(),
  retry_after_ms: z.optional(z.int().check(z.nonnegative())),
});
export type NodeRejection = z.infer<typeof nodeRejectionSchema>;

export const signedGenerationSchema = signedSchema(MAX_GENERATION_BYTES);

/** Requests of clients that a hub may make itself, to sum their answers over nodes. All are read-only. */
export const ASKED_EVENTS = [
  'past:facts',
  'past:rates',
  'past:top',
  'past:rows',
  'past:dry_run',
  'rules:list',
] as const;
export type AskedEvent = (typeof ASKED_EVENTS)[number];

export const relayOrderSchema = z.strictObject({ id: nonceSchema });
export const rhythmSchema = z.strictObject({ report_ms: z.int().check(z.minimum(100), z.maximum(600_000)) });
export const leaveSchema = z.strictObject({
  message: z.string().check(z.maxLength(512)),
  /** Come back after a random part of this time. */
  within_ms: z.int().check(z.nonnegative(), z.maximum(3_600_000)),
});
export const confirmSchema = z.strictObject({ group: groupNameSchema, number: z.int() });
export const askSchema = z.strictObject({ event: z.enum(ASKED_EVENTS), request: z.unknown() });

export interface HubToNodeEvents {
  challenge: (challenge: Challenge) => void;
  rhythm: (rhythm: z.infer<typeof rhythmSchema>) => void;
  /** The generation that the node should have. The answer comes when it is decided. */
  generation: (generation: Signed, acknowledge: (rules: NodeRules) => void) => void;
  /** Confirms a risky generation that is in force and waits. */
  confirm: (which: z.infer<typeof confirmSchema>, acknowledge: (rules: NodeRules) => void) => void;
  /** Removes what differs from the generation in force. */
  repair: (acknowledge: (rules: NodeRules) => void) => void;
  /** Dial a relay. */
  relay: (order: z.infer<typeof relayOrderSchema>) => void;
  ask: (question: z.infer<typeof askSchema>, acknowledge: (answer: Acknowledgement<unknown>) => void) => void;
  /** The hub closes the connection next. */
  leave: (why: z.infer<typeof leaveSchema>) => void;
}

export interface NodeToHubEvents {
  prove: (
    proof: Prove,
    acknowledge: (result: { ok: true; value: Welcome } | { ok: false; error: NodeRejection }) => void,
  ) => void;
  report: (report: NodeReport) => void;
  /** Sent at once when they change, beside the reports. */
  rules: (rules: NodeRules) => void;
}

/**
 * Headers of `POST SHIP_PATH`, beside `Authorization: Bearer SESSION_TOKEN` and `Content-Encoding: gzip`. The body is
 * one gzip member with its length (`gzipMember`), of one block in ClickHouse's `Native` format whose column `node` is the
 * node's name and whose rows are of one day, UTC (`checkShippedBlock`). Answers: 200 (it is on the hub's disk), 400 (the block is malformed: it is logged, skip it), 401, 409 (an earlier number is missing: the body has
 * `{"next": N}`), 413, 503 with `Retry-After`.
 */
export const SHIP_HEADERS = {
  /** `packets` or `minutes`. */
  table: 'packetlog-table',
  /**
   * A nonce that names a run of blocks from one node to one hub. A node begins another one when it changes the hub, and
   * when it lost its state: then its numbers begin again.
   */
  stream: 'packetlog-stream',
  /** From 1; increases by one with each block of a stream, over restarts. One that was acknowledged before is a duplicate. */
  sequence: 'packetlog-sequence',
  rows: 'packetlog-rows',
} as const;
export const SHIP_TABLES = ['packets', 'minutes'] as const;
export type ShipTable = (typeof SHIP_TABLES)[number];
