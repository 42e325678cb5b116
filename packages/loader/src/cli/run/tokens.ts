/** The tokens that open the socket. */
import { randomBytes } from 'node:crypto';
import { MAX_TOKEN_CHARACTERS, MIN_TOKEN_CHARACTERS, TOKEN_PATTERN } from '@packetlog/common';
import { SetupError } from '../../errors/setup-error.ts';

export interface Tokens {
  /** Grants read-only access. */
  readonly readOnly: string;
  /** Also grants changing rules. */
  readonly admin: string;
}

/** Returns 256 random bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * Returns `given`, which the environment variable `variable` holds, or a new token. Throws SetupError if a client could
 * not send it.
 */
export function tokenOf(variable: string, given: string | undefined): string {
  const token = given ?? newToken();
  if (TOKEN_PATTERN.test(token)) return token;
  throw new SetupError({
    step: 'use',
    target: variable,
    problem: `it must be ${MIN_TOKEN_CHARACTERS} to ${MAX_TOKEN_CHARACTERS} letters, digits and . _ ~ -`,
    next: 'Generate one with: openssl rand -hex 32.',
    exit: 'usage',
  });
}

/**
 * Returns the read-only and the admin token, as given or new. Throws SetupError if they are equal, because every reader
 * could then change rules.
 */
export function tokensOf(given: { readOnly: string | undefined; admin: string | undefined }): Tokens {
  const readOnly = tokenOf('PACKETLOG_TOKEN', given.readOnly);
  const admin = tokenOf('PACKETLOG_ADMIN_TOKEN', given.admin);
  if (readOnly !== admin) return { readOnly, admin };
  throw new SetupError({
    step: 'use',
    target: 'PACKETLOG_ADMIN_TOKEN',
    problem: 'it is the same as PACKETLOG_TOKEN, so every reader could change rules',
    next: 'Generate another with: openssl rand -hex 32.',
    exit: 'usage',
  });
}
