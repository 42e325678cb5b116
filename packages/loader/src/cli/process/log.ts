/**
 * Logs to standard error: JSON lines for services, short lines if a terminal controls the process (also through a pipe,
 * `2>&1 | less`).
 */
import { type Logger, pino } from 'pino';
import { hasTerminal } from '../../print/terminal.ts';
import { printableName } from '../../system/interface-name.ts';
import type { LogLevel } from '../options/run-options.ts';

const STDERR = 2;

export function makeLogger(level: LogLevel, isTerminal = process.stderr.isTTY || hasTerminal()): Logger {
  const destination = pino.destination({ dest: STDERR, sync: true });
  if (!isTerminal) return pino({ level, base: { name: 'packetlog' } }, destination);
  return pino({ level, base: null }, { write: (line: string) => destination.write(shortLine(line)) });
}

/** Converts a line of pino's JSON to "14:03:22 warn  interface eth1 is gone  interface=eth1". */
function shortLine(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const clock = new Date(Number(time)).toTimeString().slice(0, 8);
  // Values may come from the network, and JSON does not escape all control characters.
  const facts = Object.entries(rest).map(([key, value]) => `${key}=${printableName(JSON.stringify(value))}`);
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? `\n${String(err.stack)}` : '';
  const word = pino.levels.labels[Number(level)] ?? '';
  return `${clock} ${word.padEnd(5)} ${String(msg ?? '')}${facts.length > 0 ? `  ${facts.join(' ')}` : ''}${stack}\n`;
}
