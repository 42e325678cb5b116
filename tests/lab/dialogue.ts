/** A child process that answers lines of text with lines of JSON. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Dialogue {
  readonly pid: number;
  /** Sends a line, if any, and resolves with the next answer. */
  ask<T>(line?: string): Promise<T>;
  /** Closes the process's input, and waits for it to end. */
  end(): Promise<void>;
}

/** Wraps a child process whose standard input and output are pipes. `what`: its name in errors. */
export function dialogueWith(child: ChildProcess, what: string): Dialogue {
  const answers: string[] = [];
  let waiting: { resolve: (answer: string) => void; reject: (error: Error) => void } | undefined;
  let ended = false;
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    if (waiting) waiting.resolve(line);
    else answers.push(line);
    waiting = undefined;
  });
  // A process that is killed before it has read its input: its end is reported below.
  child.stdin?.on('error', () => {});
  child.stdout?.on('error', () => {});
  const exit = once(child, 'exit').then(() => {
    ended = true;
    waiting?.reject(new Error(`${what}: ended without an answer`));
  });
  const next = () =>
    new Promise<string>((resolve, reject) => {
      const answer = answers.shift();
      if (answer !== undefined) resolve(answer);
      else if (ended) reject(new Error(`${what}: ended`));
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
