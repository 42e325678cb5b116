/** How root's commands ask about alerts, and change them. Targets have secrets: nothing of this reaches the server. */
import { MAX_ALERT_CONDITION, type RulesError } from '@packetlog/common';
import { z } from 'zod';

export const ALERT_TARGETS = ['webhook', 'alertmanager', 'ntfy', 'slack', 'discord'] as const;
export type AlertTargetType = (typeof ALERT_TARGETS)[number];

/** Names are words in commands, labels and messages. */
export const ALERT_NAME = /^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/;
const MAX_URL = 2048;
export const MAX_SECRET = 4096;
const MINUTE_MS = 60_000;
const MAX_REPEAT_MS = 30 * 24 * 60 * MINUTE_MS;

const name = z.string().regex(ALERT_NAME, 'Write a name of 1 to 64 lower-case letters, digits, - and _.');

export const alertTargetSchema = z.strictObject({
  type: z.enum(ALERT_TARGETS),
  url: z.string().max(MAX_URL),
  /** Whether the URL is a secret, because it came from a secret file. */
  is_secret: z.boolean(),
  /** Value of the header of this name. */
  authorization: z.string().max(MAX_SECRET).optional(),
});
export type AlertTarget = z.infer<typeof alertTargetSchema>;

/** `repeat_ms`: pause between messages about an alert that keeps firing. */
const repeatMs = z
  .number()
  .int()
  .min(2 * MINUTE_MS)
  .max(MAX_REPEAT_MS);
export const alertDefinitionSchema = z.strictObject({
  name,
  condition: z.string().max(MAX_ALERT_CONDITION),
  target: alertTargetSchema,
  repeat_ms: repeatMs,
});
export type AlertDefinition = z.infer<typeof alertDefinitionSchema>;

export const alertRequestSchemas = {
  add: z.strictObject({
    name: name.optional(),
    condition: z.string().max(MAX_ALERT_CONDITION),
    target: alertTargetSchema,
    repeat_ms: repeatMs.optional(),
  }),
  list: z.strictObject({}),
  remove: z.strictObject({ names: z.array(z.string()).min(1) }),
  test: z.strictObject({ name: z.string() }),
  history: z.strictObject({}),
};
export type AlertVerb = keyof typeof alertRequestSchemas;
export type AlertRequest<Verb extends AlertVerb> = z.input<(typeof alertRequestSchemas)[Verb]>;

/** An alert as commands show it: without its secrets. */
export interface ListedAlert {
  readonly name: string;
  readonly condition: string;
  /** `webhook:https://example.org/hook`, or with `***` in place of a secret. */
  readonly to: string;
  /** Whether a secret is sent in the header Authorization. */
  readonly has_authorization: boolean;
  readonly repeat_ms: number;
  readonly state: 'ok' | 'firing' | 'unknown';
  /** Since when it fires (Unix time, ms). */
  readonly since_ms?: number;
  /** The last value, as text; absent: unknown. */
  readonly value?: string;
  /** Messages that wait for this alert's target, and why the last attempt failed. */
  readonly waiting: number;
  readonly problem?: string;
}

/**
 * What happened since the counters began: `fired + resolved + repeated = sent + suppressed + failed + discarded +
 * waiting`.
 */
export const alertCountsSchema = z.object({
  fired: z.number(),
  resolved: z.number(),
  /** Reminders of alerts that keep firing. */
  repeated: z.number(),
  /** Told in a message that the target accepted. */
  sent: z.number(),
  /** Replaced by a newer event of the same alert before it could be sent; told as a number. */
  suppressed: z.number(),
  /** In messages that were given up after an hour; told as a number. */
  failed: z.number(),
  /** Discarded because the alert was removed. */
  discarded: z.number(),
  /** Requests to targets, and those of them that were not accepted. */
  attempts: z.number(),
  failed_attempts: z.number(),
});
export type AlertCounts = z.infer<typeof alertCountsSchema>;

export const NO_COUNTS: AlertCounts = {
  ...{ fired: 0, resolved: 0, repeated: 0, sent: 0, suppressed: 0, failed: 0, discarded: 0 },
  ...{ attempts: 0, failed_attempts: 0 },
};

export const alertReportSchema = z.object({
  alerts: z.number(),
  /** Names of the alerts that fire. */
  firing: z.array(z.string()),
  /** Events that no target has accepted yet. */
  waiting: z.number(),
  counts: alertCountsSchema,
  /** Why alerts are not evaluated or not stored. */
  problem: z.string().optional(),
});
export type AlertReport = z.infer<typeof alertReportSchema>;

export const ALERT_OUTCOMES = ['fired', 'resolved', 'repeated', 'sent', 'retried', 'failed'] as const;
export interface AlertHistoryEntry {
  readonly at_ms: number;
  readonly name: string;
  readonly what: (typeof ALERT_OUTCOMES)[number];
  readonly text: string;
}

/** What a target said to a test message. */
export interface AlertTestResult {
  readonly to: string;
  readonly was_accepted: boolean;
  readonly text: string;
}

export interface AlertResults {
  readonly add: ListedAlert;
  readonly list: { readonly alerts: readonly ListedAlert[]; readonly report: AlertReport };
  readonly remove: { readonly removed: readonly string[] };
  readonly test: AlertTestResult;
  readonly history: { readonly entries: readonly AlertHistoryEntry[] };
}

export type AlertAnswer<Verb extends AlertVerb> =
  | { readonly ok: true; readonly value: AlertResults[Verb] }
  | { readonly ok: false; readonly error: RulesError };

export interface AlertsAccess {
  /** Never rejects. `request` is not validated yet. */
  ask(verb: AlertVerb, request: unknown): Promise<AlertAnswer<AlertVerb>>;
}
