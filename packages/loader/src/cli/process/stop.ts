/** What ends a run: Ctrl-C, a signal, a closed output. */
import { EXIT } from '../../errors/exit-codes.ts';
import { hasTerminal } from '../../print/terminal.ts';
import { leave } from './leave.ts';

export type StopReason =
  | 'SIGINT'
  | 'SIGTERM'
  | 'SIGHUP'
  | 'output closed'
  | 'time is over'
  | 'enough'
  | 'uncaught error';

const SAME_CTRL_C_MS = 1000;

export class Stop {
  readonly asked: Promise<StopReason>;
  /** What SIGHUP asks a service for. At a terminal it says that this has gone, and ends the run. */
  onReload: (() => void) | undefined;
  #resolve: (why: StopReason) => void = () => {};
  /** Infinity: not yet. */
  #askedAt = Number.POSITIVE_INFINITY;

  constructor() {
    this.asked = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const isService = !hasTerminal();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (signal === 'SIGHUP' && isService && this.onReload) {
          this.onReload();
          return;
        }
        // A second Ctrl-C does not wait for a clean end; the kernel detaches all the same. Not one that
        // came with the first: sudo and a package manager each pass it on.
        const isSecond = performance.now() - this.#askedAt > SAME_CTRL_C_MS;
        if (isSecond && signal === 'SIGINT') void leave(EXIT.failed);
        this.now(signal);
      });
    }
  }

  now(why: StopReason): void {
    this.#askedAt = Math.min(this.#askedAt, performance.now());
    this.#resolve(why);
  }
}
