/**
 * A join token lets nodes join a fleet: `plj1.ID.SECRET.HUBKEY`. It contains the SHA-256 of the hub's public key, so that
 * a node that has never seen the hub can tell it from another.
 */
import * as z from 'zod/mini';

const TOKEN = /^plj1\.([a-z0-9]{8})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

export interface JoinToken {
  /** Names the token in lists. */
  readonly id: string;
  /** 32 random bytes in base64url. */
  readonly secret: string;
  /** SHA-256 of the hub's public key, of its 32 bytes, in base64url. */
  readonly hubKeyDigest: string;
}

export function formatJoinToken({ id, secret, hubKeyDigest }: JoinToken): string {
  return `plj1.${id}.${secret}.${hubKeyDigest}`;
}

/** Returns undefined if the text is no join token. */
export function parseJoinToken(text: string): JoinToken | undefined {
  const [, id, secret, hubKeyDigest] = TOKEN.exec(text.trim()) ?? [];
  return id && secret && hubKeyDigest ? { id, secret, hubKeyDigest } : undefined;
}

export const joinTokenSchema = z.string().check(
  z.refine((text) => parseJoinToken(text) !== undefined, {
    error: 'This is not a join token. Get one on the hub: packetlog hub join-token.',
  }),
);
