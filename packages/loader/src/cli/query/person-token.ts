/** The token of a person of a hub, which must not be on a command line: ps shows it there. */
import { readFileSync } from 'node:fs';
import { SetupError } from '../../errors/setup-error.ts';

/** Throws SetupError. */
export function personToken(file: string | undefined, environment: NodeJS.ProcessEnv): string {
  const token = file === undefined ? environment['PACKETLOG_TOKEN'] : readToken(file);
  if (token !== undefined && token !== '') return token;
  throw new SetupError({
    step: 'use',
    target: '--hub',
    problem: 'there is no token',
    next: 'Give the token of a person in PACKETLOG_TOKEN or --token-file. The hub prints one: packetlog hub people add NAME --role look.',
    exit: 'usage',
  });
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new SetupError({ step: 'read --token-file', target: path, exit: 'usage', cause });
  }
}
