/** Errors for an interface that cannot be watched. `target`: its name, safe to print on a terminal. */
import { type Problem, SetupError } from '../../errors/setup-error.ts';

const LIST = 'List the interfaces with: ip -br link.';

export function noSuchInterface(target: string): SetupError {
  return new SetupError({ step: 'watch', target, problem: 'no such interface', next: LIST, exit: 'not_found' });
}

/** Returns the error for a device whose packets XDP does not see, or cannot read. */
export function unreadableLink(target: string, problem: string): SetupError {
  return cannotWatch(target, problem, 'Rules cannot act there: watch another interface with --iface.');
}

export function cannotWatch(target: string, problem: string, next: string): SetupError {
  return new SetupError({ step: 'watch', target, problem, next, exit: 'unsupported' });
}

/** Returns the warning for an interface that `--wait-for-interfaces` waits for. */
export function absentInterface(target: string): Problem {
  return {
    problem: `Interface ${target} does not exist yet`,
    next: 'It will be watched, and rules will act on it, as soon as it appears.',
  };
}
