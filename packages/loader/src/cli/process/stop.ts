/** Ends a run on Ctrl-C, a signal or a closed output. */
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
  readonly requested: Promise<StopReason>;
  /** Called on SIGHUP of a service. With a terminal, SIGHUP means that the terminal has closed, and ends the run. */
  onReload: (() => void) | undefined;
  #resolve: (why: StopReason) => void = () => {};
  /** Infinity: not yet. */
  #requestedAt = Number.POSITIVE_INFINITY;

  constructor() {
    this.requested = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const isService = !hasTerminal();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (signal === 'SIGHUP' && isService && this.onReload) {
          this.onReload();
          return;
        }
        // A second Ctrl-C does not wait for a clean end; the kernel detaches anyway. Ignore one that comes with the
        // first: sudo and a package manager each forward it.
        const isSecond = performance.now() - this.#requestedAt > SAME_CTRL_C_MS;
        if (isSecond && signal === 'SIGINT') void leave(EXIT.failed);
        this.now(signal);
      });
    }
  }

  now(why: StopReason): void {
    this.#requestedAt = Math.min(this.#requestedAt, performance.now());
    this.#resolve(why);
  }
}
