/** The error of a command that cannot reach the running loader. */
import { privilegeAdvice } from '../../errors/privilege.ts';
import { SetupError } from '../../errors/setup-error.ts';

const DENIED: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);

/** Builds the error of a failed request to the loader. `command`: the command to repeat with more privileges. */
export function unreachable(target: string, cause: unknown, command: string): SetupError {
  const step = 'reach the loader at';
  if (!isSystemError(cause)) {
    const next = 'Restart it with the installed version.';
    return new SetupError({ step, target, problem: 'it runs another version', next, exit: 'busy', cause });
  }
  if (!DENIED.has(cause.code)) return new SetupError({ step, target, exit: 'failed', cause });
  const next = privilegeAdvice({ command });
  return new SetupError({ step, target, problem: 'permission denied', next, exit: 'privilege', cause });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
