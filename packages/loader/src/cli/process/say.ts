import { forStandardError, type Priority } from './journal-priority.ts';
import { printableLines } from './terminal-text.ts';

/** Writes a line to standard error for the operator. Bypasses the logger, because the line may contain tokens. Escapes control characters. */
export function say(line: string, priority: Priority = 'info'): void {
  process.stderr.write(forStandardError(`${printableLines(line)}\n`, priority));
}
