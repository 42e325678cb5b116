/** A request to the target of an alert, which the server process sends for the core: the core has no network socket. */
import { z } from 'zod';

const MAX_URL = 4096;
const MAX_HEADERS = 8;
/** Twenty long conditions, escaped. */
const MAX_BODY = 1024 * 1024;
const MAX_TIMEOUT_MS = 60_000;
/** Printable ASCII: neither the end of a header nor of a line. */
const headerText = z
  .string()
  .max(8192)
  .regex(/^[\x20-\x7e]*$/);

/** An HTTP POST. Redirects are not followed. */
export const outgoingRequestSchema = z.strictObject({
  url: z
    .string()
    .max(MAX_URL)
    .regex(/^https?:\/\//),
  headers: z.record(headerText, headerText).refine((headers) => Object.keys(headers).length <= MAX_HEADERS),
  body: z.string().max(MAX_BODY),
  timeout_ms: z.number().int().positive().max(MAX_TIMEOUT_MS),
});
export type OutgoingRequest = z.infer<typeof outgoingRequestSchema>;

const MAX_TEXT = 512;

/** What became of it. The text is the target's, and the server is not trusted: show it as foreign text. */
export const deliveryResultSchema = z.strictObject({
  /** Of the answer; absent: there was none. */
  status: z.number().int().min(100).max(999).optional(),
  /** Beginning of the answer, or why there was none. */
  text: z.string().max(MAX_TEXT),
});
export type DeliveryResult = z.infer<typeof deliveryResultSchema>;

/** Returns whether the target has accepted the request. */
export function isAccepted({ status = 0 }: DeliveryResult): boolean {
  return status >= 200 && status < 300;
}
