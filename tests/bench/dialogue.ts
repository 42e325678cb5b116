/** A child that is pinned to a CPU and answers lines of text with lines of JSON. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Namespace } from '../lab/namespace.ts';

export interface Dialogue {
  readonly pid: number;
  /** Sends a line, if any, and gives the next answer. */
  ask<T>(line?: string): Promise<T>;
  /** Ends its input, and waits for it to end. */
  end(): Promise<void>;
}

/**
 * Before what else this machine does: in a session of its own (the scheduler groups by session), with the best nice
 * value, and still an ordinary process, which sleeps and wakes as any other.
 */
export function pinned(cpus: string, command: readonly string[]): string[] {
  const script = '{ echo -20 > /proc/self/autogroup; } 2>/dev/null; exec nice -n -20 taskset -c "$0" "$@"';
  return ['setsid', 'sh', '-c', script, cpus, ...command];
}

export interface Where {
  readonly cpus: string;
  readonly namespace?: Namespace;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: this process's. */
  readonly stderr?: 'pipe';
}

/** Standard input and output are pipes. */
export function spawnPinned(where: Where, command: readonly string[]): ChildProcess {
  const [file = '', ...args] = pinned(where.cpus, command);
  const env = { ...process.env, ...where.env };
  const options: SpawnOptions = { stdio: ['pipe', 'pipe', where.stderr ?? 'inherit'], env };
  return where.namespace ? where.namespace.spawn(file, args, options) : spawn(file, args, options);
}

export function startDialogue(where: Where, command: readonly string[]): Dialogue {
  const child = spawnPinned(where, command);
  const answers: string[] = [];
  let waiting: { resolve: (answer: string) => void; reject: (error: Error) => void } | undefined;
  let ended = false;
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    if (waiting) waiting.resolve(line);
    else answers.push(line);
    waiting = undefined;
  });
  const exit = once(child, 'exit').then(() => {
    ended = true;
    waiting?.reject(new Error(`${command.join(' ')}: ended without an answer`));
  });
  const next = () =>
    new Promise<string>((resolve, reject) => {
      const answer = answers.shift();
      if (answer !== undefined) resolve(answer);
      else if (ended) reject(new Error(`${command.join(' ')}: ended`));
      else waiting = { resolve, reject };
    });
  return {
    pid: child.pid ?? 0,
    ask: async <T>(line?: string) => {
      if (line !== undefined) child.stdin?.write(`${line}\n`);
      return JSON.parse(await next()) as T;
    },
    end: async () => {
      child.stdin?.end();
      await exit;
    },
  };
}

/** Runs a command that prints one line of JSON. */
export async function result<T>(where: Where, command: readonly string[]): Promise<T> {
  const dialogue = startDialogue(where, command);
  const answer = await dialogue.ask<T>();
  await dialogue.end();
  return answer;
}
