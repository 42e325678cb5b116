/** What the running loader tells root of itself, so that other commands can use it. */
import { ledgerSchema } from '@packetlog/common';
import { z } from 'zod';

export const controlSessionSchema = z.object({
  pid: z.number().int().positive(),
  /** Inode of the network namespace whose interfaces it watches. */
  network_namespace: z.string(),
  /** Where it serves, and the token to look; null with `--listen off`. */
  served: z.object({ url: z.string(), token: z.string() }).nullable(),
  interfaces: ledgerSchema.shape.interfaces,
});

export type ControlSession = z.infer<typeof controlSessionSchema>;
