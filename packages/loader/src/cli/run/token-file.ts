/** Stores the tokens of the dashboard across restarts, in a file of mode 0600 in the state directory. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TOKEN_PATTERN } from '@packetlog/common';
import { z } from 'zod';
import { privilegeAdvice } from '../../errors/privilege.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { writeAtomically } from '../../rules/store/atomic-file.ts';

const token = z.string().regex(TOKEN_PATTERN);
const tokensSchema = z.strictObject({ token, admin_token: token });

export interface StoredTokens {
  readonly readOnly: string;
  readonly admin: string;
}

const pathIn = (directory: string) => join(directory, 'tokens.json');

/** Returns the stored tokens; undefined if there are none. Throws SetupError if the file cannot be used. */
export function storedTokens(directory: string): StoredTokens | undefined {
  const path = pathIn(directory);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const advice = code === 'EACCES' ? { next: privilegeAdvice() } : {};
    throw new SetupError({ step: 'read the tokens in', target: path, ...advice, exit: 'failed', cause });
  }
  const tokens = tokensSchema.safeParse(jsonOf(text));
  if (tokens.success) return { readOnly: tokens.data.token, admin: tokens.data.admin_token };
  throw new SetupError({
    step: 'read the tokens in',
    target: path,
    problem: 'it has no valid tokens',
    next: 'Replace it: packetlog token rotate.',
    exit: 'usage',
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Stores the tokens for the next start. Does nothing if the directory cannot be written: the next start then creates
 * new ones.
 */
export function storeTokens(directory: string, { readOnly, admin }: StoredTokens): void {
  try {
    writeAtomically(pathIn(directory), `${JSON.stringify({ token: readOnly, admin_token: admin })}\n`);
  } catch {
    // The loader already warns: without the directory, rules cannot be changed either.
  }
}

/** Removes the stored tokens: the next start creates new ones. Throws the file system's error. */
export function forgetTokens(directory: string): void {
  rmSync(pathIn(directory), { force: true });
}
