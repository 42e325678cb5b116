/** The tokens that open the socket. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { MAX_TOKEN_CHARACTERS, MIN_TOKEN_CHARACTERS, TOKEN_PATTERN } from '@packetlog/common';
import { SetupError } from '../setup-error.ts';

/** 256 random bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** In a time that does not depend on where the two differ. */
export function sameToken(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** `given`, what `variable` of the environment holds, or a new one. Throws SetupError for what a client could not show. */
export function tokenOf(variable: string, given: string | undefined): string {
  const token = given ?? newToken();
  if (TOKEN_PATTERN.test(token)) return token;
  throw new SetupError({
    step: 'use',
    target: variable,
    problem: `it must be ${MIN_TOKEN_CHARACTERS} to ${MAX_TOKEN_CHARACTERS} letters, digits and . _ ~ -`,
    next: 'Make one with: openssl rand -hex 32.',
    exit: 'usage',
  });
}
