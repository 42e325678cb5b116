/** The hubs that this node has joined, with the public keys that it learned then: a file beside the node's key. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { groupNameSchema, nodeNameSchema, publicKeySchema } from '@packetlog/common/fleet';
import { z } from 'zod';
import { SetupError } from '../errors/setup-error.ts';
import { writeAtomically } from '../rules/store/atomic-file.ts';

const MAX_HUBS = 64;

const joinedHubSchema = z.strictObject({
  /** Origin. */
  url: z.string().max(512),
  /** Public key. Hubs that share their state have the same one. */
  key: publicKeySchema,
  /** The node's name and group at this hub. */
  node: nodeNameSchema,
  group: groupNameSchema,
  /** ID of the join token that was used; it is not sent again. */
  joined_with: z.optional(z.string().max(64)),
});
export type JoinedHub = z.infer<typeof joinedHubSchema>;

const fileSchema = z.strictObject({ hubs: z.array(joinedHubSchema).max(MAX_HUBS) });

export class JoinedHubs {
  readonly #path: string;
  #hubs: readonly JoinedHub[];

  /** Reads the file in `directory`. Throws SetupError if it cannot be used. */
  constructor(directory: string) {
    this.#path = join(directory, 'hubs.json');
    this.#hubs = readHubs(this.#path);
  }

  /** Returns those at `urls`. */
  at(urls: readonly string[]): readonly JoinedHub[] {
    return this.#hubs.filter(({ url }) => urls.includes(url));
  }

  /** Replaces what is known of the hub at `hub.url`. Returns whether it differs. Throws the file system's error. */
  learn(hub: JoinedHub): boolean {
    const before = this.#hubs.find(({ url }) => url === hub.url);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(joinedHubSchema.parse(hub))) return false;
    const hubs = [...this.#hubs.filter(({ url }) => url !== hub.url), hub].slice(-MAX_HUBS);
    writeAtomically(this.#path, `${JSON.stringify({ hubs }, undefined, 2)}\n`);
    this.#hubs = hubs;
    return true;
  }
}

function readHubs(path: string): readonly JoinedHub[] {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).hubs;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new SetupError({
      step: 'read the joined hubs in',
      target: path,
      problem: cause instanceof z.ZodError || cause instanceof SyntaxError ? 'it is damaged' : (cause as Error).message,
      next: 'Restore the file from a backup; or remove it, and join again with --hub-token and a new join token.',
      exit: 'failed',
      cause,
    });
  }
}
