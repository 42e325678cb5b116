/** What ends a run: Ctrl-C, a signal, a closed output. */
import { EXIT } from '../exit-codes.ts';

export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'output closed' | 'time is over';

export class Stop {
  readonly asked: Promise<StopReason>;
  #resolve: (why: StopReason) => void = () => {};
  #isAsked = false;

  constructor() {
    this.asked = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        // A second Ctrl-C does not wait for a clean end; the kernel detaches all the same.
        if (this.#isAsked && signal === 'SIGINT') process.exit(EXIT.failed);
        this.now(signal);
      });
    }
  }

  now(why: StopReason): void {
    this.#isAsked = true;
    this.#resolve(why);
  }
}
