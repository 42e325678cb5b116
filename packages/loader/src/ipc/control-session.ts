/** What the running loader reports to root, so that other commands can use it. */
import { ledgerSchema } from '@packetlog/common';
import { z } from 'zod';

export const controlSessionSchema = z.object({
  pid: z.number().int().positive(),
  /** Inode of the network namespace whose interfaces the loader watches. */
  network_namespace: z.string(),
  /** URL and tokens of the server; null with `--listen off`. */
  served: z
    .object({
      url: z.string(),
      /** The URL for programs on this machine; absent: `url`. */
      local_url: z.string().optional(),
      /** PEM of the certificate, with TLS. At `local_url` its names need not match. */
      certificate: z.string().optional(),
      token: z.string(),
      admin_token: z.string().optional(),
      has_pages: z.boolean().optional(),
    })
    .nullable(),
  interfaces: ledgerSchema.shape.interfaces,
  /** Absolute path of `--record-dir`; absent: packets are not recorded, or in the state directory. */
  record_directory: z.string().optional(),
});

/** Whether the tokens were replaced. `problem`: why not, as a sentence; absent with `--listen off`. */
export const rotatedTokensSchema = z.object({ was_done: z.boolean(), problem: z.string().optional() });
export type RotatedTokens = z.infer<typeof rotatedTokensSchema>;

/** Identifies the loader. Every version sends these fields, so that a newer command can identify the loader. */
export const loaderIdentitySchema = controlSessionSchema.pick({ pid: true, network_namespace: true });

/** Earlier versions do not send the directory. */
export const recordDirectorySchema = controlSessionSchema.pick({ record_directory: true });

export type LoaderIdentity = z.infer<typeof loaderIdentitySchema>;
export type ControlSession = z.infer<typeof controlSessionSchema>;
