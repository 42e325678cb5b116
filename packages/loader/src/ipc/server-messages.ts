/**
 * Messages between the core and the server process. The server trusts the core; the core checks every message of the
 * server, which the network can reach.
 */
import { deserialize, serialize } from 'node:v8';
import {
  type Bans,
  type BansVerb,
  bansRequestSchemas,
  type Decision,
  type Findings,
  type Hello,
  type Notice,
  type RuleCounters,
  type RulesVerb,
  rulesRequestSchemas,
  type Summary,
} from '@packetlog/common';
import { z } from 'zod';
import { EXIT, type ExitReason } from '../errors/exit-codes.ts';
import { deliveryResultSchema, type OutgoingRequest } from './alerts/outgoing-request.ts';
import { type FleetState, fleetQuestionSchema, hubExchangesSchema } from './fleet/fleet-access.ts';
import type { FleetSettings } from './fleet/fleet-settings.ts';
import type { DrainLedger } from './messages.ts';
import { PAST_VERBS } from './past-access.ts';
import type { Encoding } from './process-channel.ts';
import type { RuleHits } from './rule-counts.ts';
import type { TlsPem } from './tls-pem.ts';
import type { TokenDigests } from './token-digest.ts';

/** A file of the dashboard. */
export interface PageFile {
  /** Path below the directory, with slashes: "_next/static/a.js". */
  readonly name: string;
  readonly content: Buffer;
  readonly modified: Date;
}

export interface PlaceFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export interface ServerSettings {
  readonly listen: { readonly host: string; readonly port: number };
  /** Undefined: serve the socket only. */
  readonly pages: readonly PageFile[] | undefined;
  readonly allowOrigin: readonly string[];
  /** Origins of other loaders that the dashboard may connect to. */
  readonly allowNode: readonly string[];
  readonly tokens: TokenDigests;
  /** Whether local processes share the network namespace of the watched interfaces. */
  readonly processes: boolean;
  readonly reverseDns: boolean;
  /** Contents of the GeoIP files; empty: none was given. */
  readonly places: readonly PlaceFile[];
  /** Undefined: plain HTTP. */
  readonly tls: TlsPem | undefined;
  /** Where metrics are served: `same` port, or a separate address; undefined: nowhere. */
  readonly metrics: 'same' | { readonly host: string; readonly port: number } | undefined;
  /** Undefined: there is no hub. */
  readonly fleet: FleetSettings | undefined;
  /** Whether log lines of level debug are wanted. */
  readonly debug: boolean;
}

export type ToServer =
  | { type: 'open'; settings: ServerSettings }
  /** The program is attached: admit clients. */
  | { type: 'start'; hello: Hello; stride: number; recordOffset: number }
  /** `number`: of the mark in the row pipe that says which rows the report covers. */
  | { type: 'second'; number: number; ledger: DrainLedger; summary: Summary; clockOffsetNs: bigint }
  | { type: 'findings'; findings: Findings }
  | { type: 'bans'; bans: Bans }
  | { type: 'decision'; decision: Decision }
  | { type: 'rules-changed' }
  | { type: 'rule-counters'; counters: RuleCounters; hits: readonly RuleHits[] }
  | { type: 'notice'; notice: Notice }
  /** Replaces the certificate for new connections. */
  | { type: 'tls'; tls: TlsPem }
  /** Replaces the tokens, and disconnects the clients with earlier ones. */
  | { type: 'tokens'; tokens: TokenDigests }
  | { type: 'places'; places: readonly PlaceFile[] }
  /** Replaces what is known of the fleet. */
  | { type: 'fleet'; fleet: FleetState }
  | { type: 'answer'; request: number; value: unknown }
  /** Requests an HTTP request to the target of an alert; `delivered` answers. */
  | { type: 'deliver'; delivery: number; request: OutgoingRequest }
  | { type: 'ping' }
  /** Send clients what waits, disconnect them, and exit. */
  | { type: 'close' };

const MAX_TEXT = 1024;
/** A message of a client has at most 64 KiB; JSON escapes a character with up to 6 bytes. */
const MAX_BYTES = 1024 * 1024;
const MAX_OPERATORS = 1024;
const MAX_PLACES = 256;
const MAX_LONG_TEXT = 4096;
/** 2000 per second: messages about rows and clients are passed on to the drain thread, which they must not hold up. */
const MAX_PER_PERIOD = 100;

const text = z.string().max(MAX_TEXT);
/** Text for the log. It is shortened, so that a long stack is not taken for an attack. */
const longText = z.string().transform((value) => value.slice(0, MAX_LONG_TEXT));
const id = z.number().int().nonnegative();

/** A request that the core answers with `answer`. */
const requestSchema = z.discriminatedUnion('about', [
  z.strictObject({
    about: z.literal('rules'),
    verb: z.enum(Object.keys(rulesRequestSchemas) as [RulesVerb, ...RulesVerb[]]),
    request: z.unknown(),
    /** Number of the client, the same for all of its requests. */
    client: id,
    /** Address of the client. */
    address: text,
    /** The admin token that the client sent; the core checks it. */
    admin_token: text.optional(),
  }),
  /** A question about recorded packets, with the fields of a request about rules. */
  z.strictObject({
    about: z.literal('past'),
    verb: z.enum(PAST_VERBS),
    request: z.unknown(),
    client: id,
    address: text,
    admin_token: text.optional(),
  }),
  /** A request about bans, with the fields of a request about rules. */
  z.strictObject({
    about: z.literal('bans'),
    verb: z.enum(Object.keys(bansRequestSchemas) as [BansVerb, ...BansVerb[]]),
    request: z.unknown(),
    client: id,
    address: text,
    admin_token: text.optional(),
  }),
  /** `limits:top`: open to every client. */
  z.strictObject({ about: z.literal('limits'), request: z.unknown() }),
  /** A question of the connection to a hub. */
  z.strictObject({ about: z.literal('fleet'), question: fleetQuestionSchema }),
  z.strictObject({ about: z.literal('snapshot') }),
  z.strictObject({ about: z.literal('listeners') }),
  z.strictObject({ about: z.literal('health') }),
]);
export type ServerRequest = z.infer<typeof requestSchema>;

/** PlainError of errors/setup-error.ts. */
const errorSchema = z.object({
  facts: z
    .object({
      step: text,
      target: text,
      problem: text.optional(),
      errno: z.number().int().optional(),
      next: text.optional(),
      exit: z.enum(Object.keys(EXIT) as [ExitReason, ...ExitReason[]]),
    })
    .optional(),
  message: longText,
  stack: longText.optional(),
});

const fromServerSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('opened'),
    port: z.number().int().min(1).max(65535),
    place_labels: z.array(text).max(MAX_PLACES),
    /** `url`: of a separate address. */
    metrics: z.strictObject({ url: text.optional(), is_exposed: z.boolean() }).optional(),
  }),
  /** Answers `start`: clients are admitted. */
  z.strictObject({ type: z.literal('started') }),
  /** The port could not be opened, or a file not be used. */
  z.strictObject({ type: z.literal('failed'), error: errorSchema }),
  /** Result of `places`; `problem`: the files read before stay in use. */
  z.strictObject({ type: z.literal('places'), labels: z.array(text).max(MAX_PLACES), problem: longText.optional() }),
  /** null: all rows. */
  z.strictObject({ type: z.literal('rows-wanted'), per_second: z.number().nonnegative().nullable() }),
  z.strictObject({ type: z.literal('has-clients'), has_clients: z.boolean() }),
  z.strictObject({ type: z.literal('low-latency'), low_latency: z.boolean() }),
  /** `operators`: addresses of the clients that may change rules. */
  z.strictObject({ type: z.literal('clients'), clients: id, operators: z.array(text).max(MAX_OPERATORS) }),
  z.strictObject({ type: z.literal('request'), request: id, what: requestSchema }),
  /** The client of a request has gone. */
  z.strictObject({ type: z.literal('cancel'), request: id }),
  z.strictObject({
    type: z.literal('log'),
    level: z.enum(['debug', 'warn', 'error']),
    facts: z.record(z.string(), z.union([longText, z.number()])),
    message: text,
  }),
  z.strictObject({ type: z.literal('delivered'), delivery: id, result: deliveryResultSchema }),
  z.strictObject({ type: z.literal('hubs'), hubs: hubExchangesSchema }),
  z.strictObject({ type: z.literal('alive') }),
  /** The service manager stops the server: its end is not a fault. */
  z.strictObject({ type: z.literal('leaving') }),
]);
export type FromServer = z.infer<typeof fromServerSchema>;

/** The core's side of the channel. */
export const CORE_ENCODING: Encoding<ToServer, FromServer> = {
  encode: (message) => serialize(message),
  decode: (bytes) => fromServerSchema.parse(JSON.parse(bytes.toString())),
  maxBytes: MAX_BYTES,
  maxPerPeriod: MAX_PER_PERIOD,
};

/** The server's side. */
export const SERVER_ENCODING: Encoding<FromServer, ToServer> = {
  encode: (message) => Buffer.from(JSON.stringify(message)),
  decode: (bytes) => deserialize(bytes) as ToServer,
  maxBytes: 2 ** 32 - 1,
};
