/** Runs a command for each message: the JSON on its standard input, one at a time, for a limited time. */
import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';

const MAX_STDERR = 300;

export interface CommandOutcome {
  readonly succeeded: boolean;
  /** `exit code 3: the first line that it wrote to standard error`. */
  readonly text: string;
}

export class CommandRunner {
  readonly #argv: readonly [string, ...string[]];
  readonly #timeoutMs: number;
  #end: (() => void) | undefined;

  constructor(argv: readonly [string, ...string[]], timeoutMs: number) {
    this.#argv = argv;
    this.#timeoutMs = timeoutMs;
  }

  get isBusy(): boolean {
    return this.#end !== undefined;
  }

  /** Runs it once. Never rejects. Call it only if it is not busy. */
  run(message: string): Promise<CommandOutcome> {
    const [file, ...args] = this.#argv;
    // Its own process group: what the command starts ends with it.
    const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
    const decoder = new StringDecoder('utf8');
    let said = '';
    let problem: string | undefined;
    const end = () => endGroup(child.pid);
    this.#end = end;
    const timer = setTimeout(() => {
      problem = `it had not ended after ${this.#timeoutMs / 1000} s`;
      end();
    }, this.#timeoutMs);
    child.stderr.on('data', (bytes: Buffer) => {
      if (said.length < MAX_STDERR) said += decoder.write(bytes);
    });
    // EPIPE: the command does not read its input.
    child.stdin.on('error', () => {});
    child.stdin.end(message);
    return new Promise((resolve) => {
      const finished = (succeeded: boolean, text: string) => {
        clearTimeout(timer);
        end();
        this.#end = undefined;
        const [line = ''] = said.trim().slice(0, MAX_STDERR).split('\n');
        resolve({ succeeded, text: line === '' ? text : `${text}: ${line}` });
      };
      child.once('error', (error: NodeJS.ErrnoException) => finished(false, `it cannot start (${error.code})`));
      // Not `close`: a process that the command left behind may hold its output open.
      child.once('exit', (code, signal) => {
        finished(code === 0 && problem === undefined, problem ?? (signal === null ? `exit code ${code}` : signal));
      });
    });
  }

  /** Ends the command if it runs. */
  close(): void {
    this.#end?.();
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: all of its processes have ended.
  }
}
