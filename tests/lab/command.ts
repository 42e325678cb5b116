import { execFile } from 'node:child_process';

export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: number | string | undefined;
  readonly stderr: string;
  constructor(command: string, code: number | string | undefined, stderr: string, cause: unknown) {
    super(`${command}: exit ${code}: ${stderr.trim() || 'nothing on standard error'}`, { cause });
    this.code = code;
    this.stderr = stderr;
  }
}

/** Runs a command to its end and returns its standard output. Throws CommandError unless it exits with 0. */
export function run(file: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { maxBuffer: 64 << 20, timeout: 30_000 }, (error, stdout, stderr) => {
      if (error)
        reject(new CommandError([file, ...args].join(' '), error.code ?? error.signal ?? undefined, stderr, error));
      else resolve(stdout);
    });
    // A command that does not read its input may end before the input is written.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** Like `run`, for commands that print JSON, or nothing for an empty list. */
export async function runJson<T>(file: string, args: readonly string[]): Promise<T> {
  const text = await run(file, args);
  return JSON.parse(text.trim() || '[]') as T;
}
