/**
 * What the server process, which talks with hubs, asks the core: proofs, rules of the fleet, blocks of recorded packets.
 * The core signs and verifies; it neither trusts the server nor what a hub sent through it.
 */
import {
  challengeSchema,
  confirmSchema,
  groupNameSchema,
  type NodeRejection,
  type NodeRules,
  nodeNameSchema,
  type Prove,
  SHIP_TABLES,
  type ShipLedger,
  type ShipTable,
  signatureSchema,
  type Welcome,
} from '@packetlog/common/fleet';
import { z } from 'zod';

/** Characters of a generation's payload in one message; a longer generation is sent in parts. */
export const GENERATION_PART_CHARACTERS = 512 * 1024;
const MAX_PARTS = 128;
const MAX_HUBS = 16;
const MAX_PROBLEM = 1024;

const count = z.number().int().nonnegative();
/** Index of the hub in FleetSettings. */
const hub = count.max(MAX_HUBS - 1);

export const fleetQuestionSchema = z.discriminatedUnion('verb', [
  /** Answered with the proof for this challenge. Rejected if the hub is not the one that the node joined. */
  z.strictObject({ verb: z.literal('prove'), hub, challenge: challengeSchema }),
  /** What the hub answered to the last proof. Rejected if its signature is not that of the hub. */
  z.strictObject({
    verb: z.literal('welcome'),
    hub,
    node: nodeNameSchema,
    group: groupNameSchema,
    signature: signatureSchema,
  }),
  /**
   * A generation that this hub sent, in parts in their order, each after the answer to the one before it. Only the answer
   * to the last part has rules: it comes when the generation is decided.
   */
  z.strictObject({
    verb: z.literal('generation'),
    hub,
    part: count,
    parts: count.min(1).max(MAX_PARTS),
    payload: z.string().max(GENERATION_PART_CHARACTERS),
    signature: signatureSchema,
  }),
  z.strictObject({ verb: z.literal('confirm'), hub, ...confirmSchema.shape }),
  z.strictObject({ verb: z.literal('repair'), hub }),
  /** The next block that no hub has acknowledged; the same one until `shipped` acknowledges it. */
  z.strictObject({ verb: z.literal('block'), hub, want: z.enum(['denied', 'all']) }),
  /**
   * What the hub answered to a block. `missing`: an earlier one is missing, the hub wants `next`. `malformed`: it rejects
   * the block, which is skipped.
   */
  z.strictObject({
    verb: z.literal('shipped'),
    hub,
    table: z.enum(SHIP_TABLES),
    sequence: count,
    result: z.enum(['acknowledged', 'malformed', 'missing']),
    next: z.optional(count),
  }),
]);
export type FleetQuestion = z.infer<typeof fleetQuestionSchema>;
export type FleetVerbOfNode = FleetQuestion['verb'];
export type QuestionOf<Verb extends FleetVerbOfNode> = Extract<FleetQuestion, { verb: Verb }>;

/** `wrong_hub`: it has another key than the one that the node joined. `no_join_token`: the node joined none yet. */
export interface FleetRejection {
  readonly code: NodeRejection['code'] | 'wrong_hub' | 'no_join_token';
  /** A sentence that ends with the next step. */
  readonly message: string;
}
export type FleetAnswer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: FleetRejection };

/** One block, ready for `POST SHIP_PATH`. */
export interface Block {
  readonly table: ShipTable;
  /** See SHIP_HEADERS. */
  readonly stream: string;
  readonly sequence: number;
  readonly rows: number;
  /** ClickHouse's `Native` format in gzip. */
  readonly bytes: Uint8Array;
}

export interface FleetValues {
  prove: Prove;
  /** The node's name at this hub. */
  welcome: Pick<Welcome, 'node'>;
  /** Undefined: more parts are expected. */
  generation: NodeRules | undefined;
  confirm: NodeRules;
  repair: NodeRules;
  /** Undefined: there is none now. */
  block: Block | undefined;
  shipped: undefined;
}

/** A hub as the node knows it after it has joined. */
export interface KnownHub {
  /** Its public key. */
  readonly key: string;
  /** The node's name at this hub. */
  readonly node: string;
}

/** What the core tells the server about the fleet; sent again whenever it changes. */
export interface FleetState {
  /** Hubs whose grants are valid. */
  readonly known: readonly KnownHub[];
  readonly rules: NodeRules;
  /** Undefined: nothing is recorded. */
  readonly ship: ShipLedger | undefined;
}

/** Whom a grant lets use this node. */
export interface GrantedPerson {
  readonly person: string;
  readonly mayChange: boolean;
}

/** The core's part of the fleet, as the server process uses it. */
export interface FleetAccess {
  /** Never rejects. */
  ask<Verb extends FleetVerbOfNode>(question: QuestionOf<Verb>): Promise<FleetAnswer<FleetValues[Verb]>>;
  /** Returns undefined if the token is no grant for this node that is valid now. */
  granted(token: string): GrantedPerson | undefined;
  state(): FleetState;
  /** What the server reports about its connections, for `packetlog status`. */
  exchanged(hubs: readonly HubExchange[]): void;
}

/** A connection to a hub, as the server reports it. */
export const hubExchangeSchema = z.strictObject({
  hub,
  /** When the hub was heard last (Unix time, ms); null: not since the server started. */
  heard_at_ms: z.number().nullable(),
  /** Why the hub is not reached, with the next step; null: there is no problem. */
  problem: z.string().max(MAX_PROBLEM).nullable(),
  /** Address of the hub, which no rule may deny; null: there is no connection. */
  address: z.string().max(64).nullable(),
});
export type HubExchange = z.infer<typeof hubExchangeSchema>;
/** A hub as `packetlog status` shows it. */
export const hubStatusSchema = z.object({
  url: z.string(),
  /** Unix time, ms; null: not since the server process started. */
  heard_at_ms: z.number().nullable(),
  problem: z.string().nullable(),
});
export type HubStatus = z.infer<typeof hubStatusSchema>;
export const hubExchangesSchema = z.array(hubExchangeSchema).max(MAX_HUBS);
