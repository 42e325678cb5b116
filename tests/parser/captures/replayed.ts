/** Runs `packetlog replay` on a file. */
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import type { JsonRecord } from '../../e2e/console-output.ts';
import { PACKETLOG } from '../../lab/process.ts';
import { linesOf } from './lines.ts';

/** Resolves with a record for each frame. `rules`: path of the rules file. */
export async function replayed(file: string, rules: string, ...args: string[]): Promise<JsonRecord[]> {
  const lines = await replayedLines(file, rules, ...args);
  const last = JSON.parse(lines.pop() ?? '{}') as { capture?: { frames: number; replayed: number } };
  if (last.capture === undefined || last.capture.frames !== last.capture.replayed) {
    throw new Error(`replay ${file}: ${JSON.stringify(last)}`);
  }
  return lines.map((line) => JSON.parse(line) as JsonRecord);
}

/** Resolves with the lines of `--print json`. */
export function replayedLines(file: string, rules: string, ...args: string[]): Promise<string[]> {
  const command = [PACKETLOG, 'replay', file, '--rules', rules, '--print', 'json', '--iface', 'eth0', ...args];
  return linesOf(
    spawn(process.execPath, command, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, PACKETLOG_STATE_DIR: dirname(rules) },
    }),
  );
}
