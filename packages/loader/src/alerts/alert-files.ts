/** The files of alerts in the state directory, of mode 0600: definitions with their secrets, and what is not sent yet. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  ALERT_OUTCOMES,
  type AlertDefinition,
  alertCountsSchema,
  alertDefinitionSchema,
  NO_COUNTS,
} from '../ipc/alerts/alerts-access.ts';
import { writeAtomically } from '../rules/store/atomic-file.ts';
import { firingSchema } from './alert-watch.ts';
import { outboxSchema } from './outbox.ts';

/** More would be a mistake of a script. */
export const MAX_ALERTS = 100;

const definitionsSchema = z.object({ version: z.literal(1), alerts: z.array(alertDefinitionSchema).max(MAX_ALERTS) });

const stateSchema = z.object({
  version: z.literal(1),
  counts: alertCountsSchema,
  /** By fingerprint. */
  firing: z.record(z.string(), firingSchema),
  /** By key of the target. */
  outboxes: z.record(z.string(), outboxSchema),
  history: z.array(z.object({ at_ms: z.number(), name: z.string(), what: z.enum(ALERT_OUTCOMES), text: z.string() })),
});
export type StoredAlertState = z.infer<typeof stateSchema>;

export interface AlertPaths {
  readonly alerts: string;
  readonly alertsState: string;
}

/** What a file had; `problem`: why it cannot be used, as a sentence. */
type Read<Value> = { readonly value: Value; readonly problem?: string };

export function readDefinitions({ alerts: path }: AlertPaths): Read<AlertDefinition[]> {
  const { value, problem } = readJson(path, definitionsSchema);
  return { value: value?.alerts ?? [], ...(problem !== undefined && { problem }) };
}

export function writeDefinitions({ alerts: path }: AlertPaths, alerts: readonly AlertDefinition[]): void {
  writeAtomically(path, `${JSON.stringify({ version: 1, alerts }, null, 2)}\n`);
}

export function readAlertState({ alertsState: path }: AlertPaths): Read<StoredAlertState> {
  const empty: StoredAlertState = { version: 1, counts: { ...NO_COUNTS }, firing: {}, outboxes: {}, history: [] };
  const { value, problem } = readJson(path, stateSchema);
  return { value: value ?? empty, ...(problem !== undefined && { problem }) };
}

export function writeAlertState({ alertsState: path }: AlertPaths, state: StoredAlertState): void {
  writeAtomically(path, `${JSON.stringify(state)}\n`);
}

/** A file that does not exist is no problem. */
function readJson<Value>(path: string, schema: z.ZodType<Value>): { value?: Value; problem?: string } {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (parsed.success) return { value: parsed.data };
    const [issue] = parsed.error.issues;
    return { problem: `${path} is damaged at ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    // The message of JSON.parse quotes the text, which has secrets.
    return { problem: `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'it is not valid JSON'}` };
  }
}
