import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Resolves with the lines of a process's output when it has ended. Throws unless it exits with 0. */
export async function linesOf(child: ChildProcessByStdio<null, Readable, null>): Promise<string[]> {
  const closed = once(child, 'close');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  const [code] = await closed;
  if (code !== 0) throw new Error(`${child.spawnargs.slice(0, 6).join(' ')}: exit code ${code}`);
  return lines;
}
