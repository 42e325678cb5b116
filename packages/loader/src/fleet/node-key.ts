/** The node's private key: made once, and never given away. The core signs with it. */
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newPrivateKey, readPrivateKey } from '@packetlog/hub/signing';
import { SetupError } from '../errors/setup-error.ts';
import { writeAtomically } from '../rules/store/atomic-file.ts';

/** Returns the key in `directory`, which exists; makes it if there is none. Throws SetupError. */
export function nodeKey(directory: string): KeyObject {
  const path = join(directory, 'node-key.pem');
  let pem: string | undefined;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(path, cause);
  }
  try {
    if (pem !== undefined) return readPrivateKey(pem);
    const made = newPrivateKey();
    writeAtomically(path, made);
    return readPrivateKey(made);
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function unusable(target: string, cause: unknown): SetupError {
  return new SetupError({
    step: 'use the node’s key in',
    target,
    next: 'Restore the file from a backup; or remove it, and join again with --hub-token and a new join token.',
    exit: 'failed',
    cause,
  });
}
