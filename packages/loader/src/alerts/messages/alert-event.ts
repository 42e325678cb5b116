/** What happened to an alert: a part of a message. */
import { z } from 'zod';

export const alertEventSchema = z.object({
  /** The same for all events of an alert. */
  fingerprint: z.string(),
  name: z.string(),
  condition: z.string(),
  what: z.enum(['fired', 'resolved', 'repeated']),
  /** The value that decided, as a text of one line. */
  value: z.string(),
  /** Unix time, ms. */
  at_ms: z.number(),
  /** When it fired. */
  starts_at_ms: z.number(),
  repeat_ms: z.number(),
  /** Only in the message of `packetlog alerts test`. */
  is_test: z.boolean().optional(),
});
export type AlertEvent = z.infer<typeof alertEventSchema>;
