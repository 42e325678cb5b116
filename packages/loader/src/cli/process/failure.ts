/** Converts an error into the message and the exit code of the command. */
import { CommanderError } from 'commander';
import { EXIT } from '../../errors/exit-codes.ts';
import { privilegeAdvice } from '../../errors/privilege.ts';
import { SetupError, systemErrorOf } from '../../errors/setup-error.ts';

export interface Failure {
  /** Text for standard error; empty: already printed. */
  text: string;
  code: number;
}

const DENIED: ReadonlySet<string> = new Set(['EACCES', 'EPERM']);

export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) return { text: '', code: error.exitCode === 0 ? EXIT.ok : EXIT.usage };
  if (error instanceof SetupError) {
    const detail = error.facts.detail ? `${error.facts.detail}\n` : '';
    return { text: `packetlog: ${error.message}\n${detail}`, code: error.exitCode };
  }
  const system = systemErrorOf(error);
  if (system) return failureOf(asSetupError(system, error));
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `packetlog: unexpected: ${stack}\nPlease report this.\n`, code: EXIT.failed };
}

/** Converts the error of a system call, which is not a bug: its message replaces the stack trace. */
function asSetupError({ code, syscall, path }: ReturnType<typeof systemErrorOf> & object, cause: unknown): SetupError {
  const message = cause instanceof Error ? cause.message : code;
  const denied = DENIED.has(code);
  return new SetupError({
    step: syscall,
    target: path,
    // Node.js: "EACCES: permission denied, open '/x'".
    problem: message.replace(/, \w+ '.*$/s, ''),
    ...(denied ? { next: privilegeAdvice() } : {}),
    exit: denied ? 'privilege' : 'failed',
    cause,
  });
}
