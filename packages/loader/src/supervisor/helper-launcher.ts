/** Lets the helper start the server process: the core of a loader that root starts has no right to do so itself. */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { SetupError } from '../errors/setup-error.ts';
import type { Handover } from '../ipc/helpers/handover.ts';
import { HelperLink } from '../ipc/helpers/helper-link.ts';
import { PipePair } from '../ipc/pipe-pair.ts';
import type { Launcher, PipeSource } from './launcher.ts';
import { type RunEvents, ServerRun } from './server-run.ts';

const MAX_OUTPUT = 256;
/** Exit codes of a shell for a process that a signal ended are this much above the signal's number. */
const SIGNALLED = 128;

export class HelperLauncher implements Launcher {
  readonly isChild = true;
  readonly #helper: HelperLink;
  readonly #slabs: number;
  #wrote: (text: string) => void = () => {};

  /** `slabs`: descriptor of the slabs' memory, read-only; stays open. */
  constructor(helper: NonNullable<Handover['server']>, slabs: number) {
    this.#helper = new HelperLink(helper);
    this.#slabs = slabs;
    const errors = new Socket({ fd: helper.errors, readable: true, writable: false });
    errors.on('data', (text: Buffer) => this.#wrote(text.toString('utf8', 0, MAX_OUTPUT)));
    errors.on('error', () => {});
    errors.unref();
  }

  async launch(source: PipeSource, events: RunEvents): Promise<ServerRun> {
    const { core, server } = await source.makePipes('messages');
    if (server?.messages === undefined || core.messages === undefined) throw new Error('the pipes have no ends');
    const { marks, released, messages } = server;
    const descriptors = [messages.in, messages.out, marks, this.#slabs, released];
    const pid = await this.#start(descriptors);
    for (const fd of [messages.in, messages.out, marks, released]) closeSync(fd);
    const channel = new PipePair(core.messages.in, core.messages.out);
    if (pid === undefined) {
      channel.destroy();
      throw helperEnded();
    }
    this.#wrote = events.wrote;
    const end = () => void this.#end().then((why) => run.end(why));
    const run = new ServerRun(channel, { pid, kill: end, closed: end }, events);
    return run;
  }

  close(): void {}

  async #start(descriptors: readonly number[]): Promise<number | undefined> {
    let lines = 0;
    const answer = await this.#helper.ask(`start ${descriptors.join(' ')}`, () => ++lines === 2);
    const pid = /^pid (\d+)$/m.exec(answer.join('\n'))?.[1];
    if (pid !== undefined && answer.includes('opened')) return Number(pid);
    await this.#helper.ask('end');
    return undefined;
  }

  /** Kills the server if it runs, and resolves with how it ended. */
  async #end(): Promise<string> {
    const [answer] = await this.#helper.ask('end');
    return endText(Number(/^ended (\d+)$/.exec(answer ?? '')?.[1] ?? Number.NaN));
  }
}

/** Completes "The server process …". `code`: as a shell returns it. Pure. */
export function endText(code: number): string {
  if (Number.isNaN(code)) return 'has ended';
  const signal = Object.entries(constants.signals).find(([, number]) => number + SIGNALLED === code)?.[0];
  return signal === undefined ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

function helperEnded(): SetupError {
  return new SetupError({
    step: 'start',
    target: 'server process',
    problem: 'the helper that starts it has ended or cannot open its pipes',
    next: 'Start packetlog again.',
    exit: 'failed',
  });
}
