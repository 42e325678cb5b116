/** What the running loader reports to `packetlog status`. */
import { defaultPolicySchema, findingsSchema, ledgerSchema, noticeSchema } from '@packetlog/common';
import { nodeRulesSchema, shipLedgerSchema } from '@packetlog/common/fleet';
import { z } from 'zod';
import { alertReportSchema } from './alerts/alerts-access.ts';
import { hubStatusSchema } from './fleet/fleet-access.ts';

const count = z.number().int().nonnegative();
const { interfaces, unwatched, ring, before, queue, recorder, reasons } = ledgerSchema.shape;

export const loaderStatusSchema = z.object({
  version: z.string(),
  pid: z.number().int().positive(),
  /** When the loader began to receive packets (Unix time, ms). */
  since_ms: z.number(),
  interfaces,
  /** The ledger without the interfaces and without a client's part. */
  ledger: z.object({
    at_ms: z.number(),
    unwatched,
    ring,
    before,
    queue,
    /** To the server process; absent with `--listen off`. */
    server: z.optional(queue),
    recorder,
    reasons,
  }),
  /** Per second, over the last interval of about a second; zero if no packets arrive. */
  rates: z.object({
    packets: z.number(),
    bytes: z.number(),
    denied: z.number(),
    by_interface: z.array(z.object({ name: z.string(), packets: z.number(), bytes: z.number() })),
  }),
  rules: z.object({
    rules: count,
    default_policy: defaultPolicySchema,
    /** Whether the kernel enforces the rules; true also if there are none. */
    in_force: z.boolean(),
    /** Description of the change that waits for confirmation; absent if there is none. */
    pending: z.string().optional(),
    alarms: z.array(z.string()),
  }),
  clients: count,
  /** Size of the ring of each CPU. */
  ring_bytes: count,
  /** Resident memory of the process that captures. */
  memory_bytes: count,
  /** The process that serves clients; null with `--listen off`. */
  server: z
    .object({
      is_running: z.boolean(),
      /** null: it does not run, or the service manager has started it. */
      pid: z.number().int().positive().nullable(),
      memory_bytes: count,
      restarts: count,
      /** Reports that it did not get, because it read too slowly. */
      missed_reports: count,
    })
    .nullable(),
  /** The hubs that this node dials; absent: it is no node of a fleet. */
  hubs: z.optional(z.array(hubStatusSchema)),
  /** Rules of the fleet on this node; absent without a hub. */
  fleet_rules: z.optional(nodeRulesSchema),
  /** Absent: there was none since the start. */
  findings: z.optional(findingsSchema),
  alerts: alertReportSchema,
  /** Blocks of recorded packets for the hub; absent: there is no hub, or nothing is recorded. */
  ship: z.optional(shipLedgerSchema),
  /** The last notice that was a warning or an error; absent if there was none. */
  last_alarm: z.optional(noticeSchema),
});
export type LoaderStatus = z.infer<typeof loaderStatusSchema>;
