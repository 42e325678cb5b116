import { SetupError } from '../../errors/setup-error.ts';
import { readGivenFile } from '../../ipc/helpers/given-files.ts';

/** Reads a JSON object from a file. Throws SetupError. */
export function readConfigFile(path: string): Record<string, unknown> {
  const fail = (problem: string, cause?: unknown) =>
    new SetupError({
      step: 'read configuration',
      target: path,
      problem,
      next: 'It must be a JSON object such as {"iface": "eth0", "print": "json"}.',
      exit: 'usage',
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(readGivenFile(path).toString('utf8'));
  } catch (cause) {
    throw fail(cause instanceof Error ? cause.message : 'cannot be read', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fail('is not a JSON object');
  return Object.fromEntries(Object.entries(value));
}
