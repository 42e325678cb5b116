/** What the running loader tells root of itself, so that other commands can use it. */
import { ledgerSchema } from '@packetlog/common';
import { z } from 'zod';

export const controlSessionSchema = z.object({
  pid: z.number().int().positive(),
  /** Inode of the network namespace whose interfaces it watches. */
  network_namespace: z.string(),
  /** Where it serves, and its tokens; null with `--listen off`. */
  served: z
    .object({
      url: z.string(),
      token: z.string(),
      admin_token: z.string().optional(),
      has_pages: z.boolean().optional(),
    })
    .nullable(),
  interfaces: ledgerSchema.shape.interfaces,
});

/** Which loader it is: what every version says, so that a newer command knows whom it reached. */
export const loaderIdentitySchema = controlSessionSchema.pick({ pid: true, network_namespace: true });

export type LoaderIdentity = z.infer<typeof loaderIdentitySchema>;
export type ControlSession = z.infer<typeof controlSessionSchema>;
