/** Names for the numbers of a record that only the loader's machine knows. Inferred, and said to be. */
import { z } from 'zod';

/** A local process that has a socket on a port now: who most likely got a packet for it. */
export const listenerSchema = z.object({
  ip_protocol: z.number().int(),
  port: z.number().int(),
  pid: z.number().int(),
  /** The kernel's name of the process (comm): up to 15 bytes, chosen by the process itself. */
  process: z.string(),
});
export type Listener = z.infer<typeof listenerSchema>;

/** Most addresses of one request. */
export const MAX_REVERSE_ADDRESSES = 20;

export const reverseNamesRequestSchema = z.strictObject({
  addresses: z
    .array(z.union([z.ipv4(), z.ipv6()]))
    .min(1)
    .max(MAX_REVERSE_ADDRESSES),
});
export type ReverseNamesRequest = z.infer<typeof reverseNamesRequestSchema>;

/** By address; null: there is no name. Whoever controls the address chose it: it proves nothing. */
export const reverseNamesSchema = z.record(z.string(), z.string().nullable());
export type ReverseNames = z.infer<typeof reverseNamesSchema>;
