/** Starts the server process as a child, and closes the server's ends of the pipes here. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ServerPipes } from '../ipc/messages.ts';
import { SERVER_DESCRIPTORS } from '../ipc/server-descriptors.ts';
import type { Launcher, PipeSource } from './launcher.ts';
import { dropOptions, ownPrivileges, readPasswd, serverUserIn, setprivPath } from './server-command.ts';
import { SERVER_FLAGS } from './server-flags.ts';
import { type RunEvents, ServerRun } from './server-run.ts';

/** The server's program in one file: the process cannot open others. */
const PROGRAM = fileURLToPath(new URL('../server-process.cjs', import.meta.url));
/** Descriptor of the runtime, after those of SERVER_DESCRIPTORS. */
const RUNTIME_DESCRIPTOR = 7;
const MAX_OUTPUT = 256;

export class ChildLauncher implements Launcher {
  readonly isChild = true;
  readonly #slabs: number;

  /** `slabs`: descriptor of the slabs' memory, read-only; stays open. */
  constructor(slabs: number) {
    this.#slabs = slabs;
  }

  async launch(source: PipeSource, events: RunEvents): Promise<ServerRun> {
    const child = start(await source.makePipes('child'), this.#slabs);
    const problem = new Promise<Error>((resolve) => child.once('error', resolve));
    // Without any stream: too few descriptors were left to start it.
    if (child.stdio === undefined) throw await problem;
    const { stdio, stderr } = child as ChildProcess & { stderr: Readable };
    const channel = stdio[SERVER_DESCRIPTORS.channel] as Duplex;
    const run = new ServerRun(channel, { pid: child.pid, kill: () => child.kill('SIGKILL') }, events);
    stderr.on('data', (text: Buffer) => events.wrote(text.toString('utf8', 0, MAX_OUTPUT)));
    void problem.then((error) => run.end(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      run.end(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
    );
    return run;
  }

  close(): void {}
}

function start({ server }: ServerPipes, slabs: number): ChildProcess {
  if (server === undefined) throw new Error('the pipes have no end for the server');
  const { marks, released } = server;
  const opened: number[] = [];
  const open = (path: string) => {
    const fd = openSync(path, 'r');
    opened.push(fd);
    return fd;
  };
  try {
    const drop = dropOptions(ownPrivileges(), serverUserIn(readPasswd()));
    const command = [...drop, `/proc/self/fd/${RUNTIME_DESCRIPTOR}`, ...SERVER_FLAGS, '-'];
    return spawn(setprivPath(), command, {
      // The program is standard input; standard error is logged.
      stdio: [open(PROGRAM), 'ignore', 'pipe', 'pipe', marks, slabs, released, open('/proc/self/exe')],
      cwd: '/',
      env: {},
      // Signals of the terminal are for the core.
      detached: true,
    });
  } finally {
    for (const fd of [...opened, marks, released]) closeSync(fd);
  }
}
