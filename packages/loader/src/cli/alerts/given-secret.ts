/** Reads the secret of a target: from a file that only its owner can read, or from standard input, never from arguments. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { SetupError } from '../../errors/setup-error.ts';
import { type AlertTarget, type AlertTargetType, MAX_SECRET } from '../../ipc/alerts/alerts-access.ts';

export interface GivenTarget {
  readonly type: AlertTargetType;
  /** Undefined: it is in the secret. */
  readonly url: string | undefined;
}

const OTHERS = 0o077;
const MAX_LINES = 2;

/** Returns the lines of the secret; none if neither is given. Throws SetupError. */
export async function secretLines(given: { file: string | undefined; isStdin: boolean }): Promise<readonly string[]> {
  const { file, isStdin } = given;
  if (file !== undefined && isStdin) {
    throw rejected('--secret-stdin', '--secret-file is given as well', 'Give one of them.');
  }
  const text = file === undefined ? (isStdin ? await standardInput() : '') : privateFile(file);
  if (text.length > MAX_SECRET) throw rejected(file ?? 'standard input', `it has more than ${MAX_SECRET} characters`);
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Returns the target with its secrets. Throws SetupError. */
export function targetOf({ type, url }: GivenTarget, lines: readonly string[]): AlertTarget {
  const isSecret = url === undefined;
  const [address, authorization, ...others] = isSecret ? lines : [url, ...lines];
  if (address === undefined) {
    throw rejected(`target ${type}`, 'it has no URL', 'Write the URL to the first line of the file of --secret-file.');
  }
  if (others.length > 0) {
    throw rejected(
      'the secret',
      `it has more than ${isSecret ? MAX_LINES : 1} lines`,
      'Write the URL if --to has none, then a token.',
    );
  }
  return {
    type,
    url: address,
    is_secret: isSecret,
    ...(authorization !== undefined && { authorization: headerOf(authorization) }),
  };
}

/** A token alone is a bearer token; `Basic …` and other schemes are sent as they are. */
function headerOf(line: string): string {
  return line.includes(' ') ? line : `Bearer ${line}`;
}

function privateFile(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      if ((fstatSync(file).mode & OTHERS) !== 0) {
        throw rejected(path, 'others than its owner may access it', `Restrict it: chmod 600 ${path}.`);
      }
      return readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (cause instanceof SetupError) throw cause;
    throw new SetupError({ step: 'read secret from', target: path, exit: 'usage', cause });
  }
}

async function standardInput(): Promise<string> {
  let text = '';
  for await (const piece of process.stdin.setEncoding('utf8')) {
    text += piece;
    if (text.length > MAX_SECRET) return text;
  }
  return text;
}

function rejected(target: string, problem: string, next?: string): SetupError {
  return new SetupError({ step: 'use', target, problem, ...(next !== undefined && { next }), exit: 'usage' });
}
