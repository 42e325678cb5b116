/** Whether there is a terminal, and what it may be sent. */
import { closeSync, openSync } from 'node:fs';

/**
 * Whether to colour: not into files, not on terminals that know no escapes (TERM=dumb), not where NO_COLOR is set to
 * something (https://no-color.org: an empty value does not count).
 */
export function wantsColour(isTerminal: boolean, environment: NodeJS.ProcessEnv): boolean {
  return isTerminal && environment['TERM'] !== 'dumb' && (environment['NO_COLOR'] ?? '') === '';
}

/** Whether a terminal controls this process, wherever its output goes: a person runs it, not a service manager. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
