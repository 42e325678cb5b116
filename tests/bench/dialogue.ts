/** Child processes pinned to a CPU; most of them answer lines of text with lines of JSON. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { type Dialogue, dialogueWith } from '../lab/dialogue.ts';
import type { Namespace } from '../lab/namespace.ts';

/**
 * Starts the process with priority over other work: in its own session, because the scheduler groups by session, with
 * the best nice value. It is still an ordinary process that sleeps and wakes as usual.
 */
export function pinned(cpus: string, command: readonly string[]): string[] {
  const script = '{ echo -20 > /proc/self/autogroup; } 2>/dev/null; exec nice -n -20 taskset -c "$0" "$@"';
  return ['setsid', 'sh', '-c', script, cpus, ...command];
}

export interface Where {
  readonly cpus: string;
  readonly namespace?: Namespace;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the environment of this process. */
  readonly stderr?: 'pipe';
}

/** Starts a process whose standard input and output are pipes. */
export function spawnPinned(where: Where, command: readonly string[]): ChildProcess {
  const [file = '', ...args] = pinned(where.cpus, command);
  const env = { ...process.env, ...where.env };
  const options: SpawnOptions = { stdio: ['pipe', 'pipe', where.stderr ?? 'inherit'], env };
  return where.namespace ? where.namespace.spawn(file, args, options) : spawn(file, args, options);
}

export function startDialogue(where: Where, command: readonly string[]): Dialogue {
  return dialogueWith(spawnPinned(where, command), command.join(' '));
}

/** Runs a command that prints one line of JSON. */
export async function result<T>(where: Where, command: readonly string[]): Promise<T> {
  const dialogue = startDialogue(where, command);
  const answer = await dialogue.ask<T>();
  await dialogue.end();
  return answer;
}
