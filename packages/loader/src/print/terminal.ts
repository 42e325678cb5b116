/** Detects terminals and their abilities. */
import { closeSync, openSync } from 'node:fs';

/**
 * Returns whether to print colours: not to files, not on terminals without escape sequences (TERM=dumb), and not where
 * NO_COLOR is set to a value (https://no-color.org: an empty value does not count).
 */
export function wantsColour(isTerminal: boolean, environment: NodeJS.ProcessEnv): boolean {
  return isTerminal && environment['TERM'] !== 'dumb' && (environment['NO_COLOR'] ?? '') === '';
}

/**
 * Returns whether this process has a controlling terminal, even if its output is redirected: then a user started it,
 * not a service manager.
 */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
