import { forStandardError, type Priority } from './journal-priority.ts';

/** Writes a line to standard error for the operator. Bypasses the logger, because the line may contain tokens. */
export function say(line: string, priority: Priority = 'info'): void {
  process.stderr.write(forStandardError(`${line}\n`, priority));
}
