/**
 * Logs to standard error: JSON lines for services, with their priority if the journal reads them; short lines if a
 * terminal controls the process (also through a pipe, `2>&1 | less`).
 */
import { type Logger, pino } from 'pino';
import { hasTerminal } from '../../print/terminal.ts';
import { printableName } from '../../system/interface-name.ts';
import type { LogLevel } from '../options/run-settings.ts';
import { forStandardError, isJournal, type Priority } from './journal-priority.ts';
import { printableJson } from './terminal-text.ts';

const STDERR = 2;

export function makeLogger(
  level: LogLevel,
  isTerminal = process.stderr.isTTY || hasTerminal(),
  journal = isJournal(process.env),
): Logger {
  const destination = pino.destination({ dest: STDERR, sync: true });
  const json = (line: string) => destination.write(printableJson(line));
  const write = (line: string) => json(forStandardError(line, priorityOf(line), true));
  if (journal) return pino({ level, base: { name: 'packetlog' } }, { write });
  if (!isTerminal) return pino({ level, base: { name: 'packetlog' } }, { write: json });
  return pino({ level, base: null }, { write: (line: string) => destination.write(shortLine(line)) });
}

/** Returns the priority of a line of pino's JSON, which begins with its level. */
function priorityOf(line: string): Priority {
  const level = Number(/^\{"level":(\d+)/.exec(line)?.[1]);
  if (level >= 60) return 'critical';
  if (level >= 50) return 'error';
  if (level >= 40) return 'warning';
  return level >= 30 ? 'info' : 'debug';
}

/** Converts a line of pino's JSON to "14:03:22 warn  interface eth1 is gone  interface=eth1". */
function shortLine(line: string): string {
  const { level, time, msg, err, code, ...fields } = JSON.parse(line) as Record<string, unknown>;
  // The message of a notice says everything: its fields are for programs.
  const rest = code === undefined ? fields : {};
  const clock = new Date(Number(time)).toTimeString().slice(0, 8);
  // Everything may come from the network or the server process, and JSON does not escape all control characters.
  const facts = Object.entries(rest).map(([key, value]) => `${key}=${printableName(JSON.stringify(value))}`);
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? `\n${stackText(String(err.stack))}` : '';
  const word = pino.levels.labels[Number(level)] ?? '';
  return `${clock} ${word.padEnd(5)} ${printableName(String(msg ?? ''))}${facts.length > 0 ? `  ${facts.join(' ')}` : ''}${stack}\n`;
}

/** Indents all lines, so that none can look like a line of the log. */
function stackText(stack: string): string {
  return stack
    .split('\n')
    .map((line) => `  ${printableName(line)}`)
    .join('\n');
}
