/** One run of the server process: starts it, exchanges messages, notices when it ends or freezes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { SetupError } from '../errors/setup-error.ts';
import type { ServerPipes } from '../ipc/messages.ts';
import { ProcessChannel } from '../ipc/process-channel.ts';
import { SERVER_DESCRIPTORS } from '../ipc/server-descriptors.ts';
import { CORE_ENCODING, type FromServer, type ToServer } from '../ipc/server-messages.ts';
import { dropOptions, ownPrivileges, readPasswd, serverUserIn, setprivPath } from './server-command.ts';

/** The server's program in one file: the process cannot open others. */
const PROGRAM = fileURLToPath(new URL('../server-process.cjs', import.meta.url));
const PING_MS = 5000;
/** A server that has not answered a ping for this long is frozen. */
const FROZEN_MS = 15_000;
/** Reports are skipped while this many bytes wait for the server. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;
/** Descriptor of the runtime, after those of SERVER_DESCRIPTORS. */
const RUNTIME_DESCRIPTOR = 7;
const MAX_OUTPUT = 256;

export interface ProcessEvents {
  readonly message: (message: FromServer) => void;
  /** Text that Node.js itself wrote, such as the reason of an abort. */
  readonly wrote: (text: string) => void;
  /** Called once. `why` completes "The server process …". */
  readonly ended: (why: string) => void;
}

export class ServerProcess {
  /** Reports that the server did not get, because it reads too slowly. */
  missedReports = 0;
  readonly #child: ChildProcess;
  readonly #channel: ProcessChannel<ToServer, FromServer>;
  readonly #events: ProcessEvents;
  readonly #timer: NodeJS.Timeout;
  #pingedAt: number | undefined;
  /** Why this side ends the process; undefined: it ended on its own. */
  #reason: string | undefined;
  #hasEnded = false;

  /** Starts the process, and closes the server's ends of the pipes here. Throws SetupError. */
  constructor(pipes: ServerPipes, slabs: number, events: ProcessEvents) {
    this.#events = events;
    this.#child = start(pipes, slabs);
    const { stdio, stderr } = this.#child as ChildProcess & { stderr: Readable };
    this.#channel = new ProcessChannel(stdio[SERVER_DESCRIPTORS.channel] as Duplex, CORE_ENCODING, {
      message: (message) => {
        if (message.type === 'alive') this.#pingedAt = undefined;
        else if (!this.#hasEnded) events.message(message);
      },
      ended: (why) => {
        // It closes when the process ends; anything else is a fault of the server.
        if (why !== 'closed') this.kill(why);
      },
    });
    stderr.on('data', (text: Buffer) => events.wrote(text.toString('utf8', 0, MAX_OUTPUT)));
    this.#child.once('error', (error) => this.#end(`could not be started: ${error.message}`));
    this.#child.once('exit', (code, signal) =>
      this.#end(this.#reason ?? (signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`)),
    );
    this.#timer = setInterval(() => this.#ping(), PING_MS);
    this.#timer.unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Returns the resident memory of the process in bytes; 0 if it has ended. */
  memoryBytes(): number {
    try {
      const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
      return Number(kib ?? 0) * 1024;
    } catch {
      return 0;
    }
  }

  send(message: ToServer): void {
    this.#channel.send(message);
  }

  /** Sends a report that the server can do without; counts it if the server reads too slowly. */
  sendReport(message: Extract<ToServer, { type: 'second' | 'rule-counters' }>): void {
    if (this.#channel.queuedBytes <= MAX_QUEUED_BYTES) this.send(message);
    else if (message.type === 'second') this.missedReports++;
  }

  /** Kills the process; `ended` is called with `why`. */
  kill(why: string): void {
    this.#reason ??= why;
    this.#child.kill('SIGKILL');
  }

  /** Resolves when the process has ended, after at most `ms`; it is killed then. */
  async endWithin(ms: number): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.pid === undefined) return;
    const exited = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    const timer = setTimeout(() => this.kill('did not end in time'), ms);
    await exited;
    clearTimeout(timer);
  }

  #ping(): void {
    const since = this.#pingedAt;
    if (since === undefined) {
      this.#pingedAt = performance.now();
      this.send({ type: 'ping' });
      return;
    }
    if (performance.now() - since < FROZEN_MS) return;
    // If this process stood still, an answer may be waiting: read it before judging.
    setImmediate(() => {
      if (this.#pingedAt === since) this.kill(`did not answer for ${FROZEN_MS / 1000} s`);
    });
  }

  #end(why: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearInterval(this.#timer);
    this.#channel.destroy();
    this.#events.ended(why);
  }
}

function start({ marks, released }: ServerPipes, slabs: number): ChildProcess {
  const opened: number[] = [];
  const open = (path: string) => {
    const fd = openSync(path, 'r');
    opened.push(fd);
    return fd;
  };
  try {
    const drop = dropOptions(ownPrivileges(), serverUserIn(readPasswd()));
    const command = [...drop, `/proc/self/fd/${RUNTIME_DESCRIPTOR}`, '-'];
    return spawn(setprivPath(), command, {
      // The program is standard input; its output is this process's business only.
      stdio: [open(PROGRAM), 'ignore', 'pipe', 'pipe', marks.read, slabs, released.write, open('/proc/self/exe')],
      cwd: '/',
      env: {},
      // Signals of the terminal are for the core.
      detached: true,
    });
  } finally {
    for (const fd of [...opened, marks.read, released.write]) closeSync(fd);
  }
}

/** The error for a server that ended before it served. */
export function notStarted(why: string): SetupError {
  return new SetupError({
    step: 'start',
    target: 'server process',
    problem: `it ${why}`,
    next: 'See the lines above, or use --listen off.',
    exit: 'failed',
  });
}
