/** Requests the end of a run: on Ctrl-C, another signal, closed output, or a limit of time or packets. */
import { EXIT } from '../../errors/exit-codes.ts';
import { hasTerminal } from '../../print/terminal.ts';
import { leave } from './leave.ts';

export type StopReason =
  | 'SIGINT'
  | 'SIGTERM'
  | 'SIGHUP'
  | 'output closed'
  | 'time limit'
  | 'packet limit'
  | 'uncaught error';

/** Signals within this time of the first count as the same Ctrl-C. */
const SAME_CTRL_C_MS = 1000;

export class Stop {
  readonly requested: Promise<StopReason>;
  /** Called on SIGHUP if the process has no terminal. With one, SIGHUP means that it closed, and ends the run. */
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
        // A second Ctrl-C exits without the ledger. sudo and package managers each forward the first one, so repeats
        // within a second do not count.
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
