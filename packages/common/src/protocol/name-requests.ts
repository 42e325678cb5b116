/** Names for a record's numbers that only the loader's machine can provide. They are inferred, and marked as such. */
import * as z from 'zod/mini';
import { MAX_PLACE_ADDRESSES, MAX_REVERSE_ADDRESSES } from './limits.ts';

/** A local process that has a socket on a port now, and therefore most likely received a packet for it. */
export const listenerSchema = z.object({
  ip_protocol: z.int(),
  port: z.int(),
  pid: z.int(),
  /** The kernel's name of the process (comm): up to 15 bytes, chosen by the process itself. */
  process: z.string(),
});
export type Listener = z.infer<typeof listenerSchema>;

export const reverseNamesRequestSchema = z.strictObject({
  addresses: z.array(z.union([z.ipv4(), z.ipv6()])).check(z.minLength(1), z.maxLength(MAX_REVERSE_ADDRESSES)),
});
export type ReverseNamesRequest = z.infer<typeof reverseNamesRequestSchema>;

/** By address; null: there is no name. The owner of the address chose the name, so it proves nothing. */
export const reverseNamesSchema = z.record(z.string(), z.nullable(z.string()));
export type ReverseNames = z.infer<typeof reverseNamesSchema>;

export const placesRequestSchema = z.strictObject({
  addresses: z.array(z.union([z.ipv4(), z.ipv6()])).check(z.minLength(1), z.maxLength(MAX_PLACE_ADDRESSES)),
});
export type PlacesRequest = z.infer<typeof placesRequestSchema>;

/** The entry for an address in a file on the loader's machine; only as correct and as recent as that file. */
export const placeSchema = z.object({
  /** ISO 3166-1, two letters. */
  country: z.optional(z.string()),
  country_name: z.optional(z.string()),
  /** Number of the autonomous system that announces it. */
  asn: z.optional(z.int().check(z.nonnegative())),
  organisation: z.optional(z.string()),
});
export type Place = z.infer<typeof placeSchema>;

/** By address; null: the files have no entry for it. */
export const placesSchema = z.record(z.string(), z.nullable(placeSchema));
export type Places = z.infer<typeof placesSchema>;
