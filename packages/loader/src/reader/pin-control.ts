/** The serving thread's way to say whether program and maps outlive the process. */
import { fromPlain } from '../errors/setup-error.ts';
import type { FromDrain, ToDrain } from '../ipc/messages.ts';

interface Waiting {
  answer: (pinned: string | undefined) => void;
  fail: (error: Error) => void;
}

export class PinControl {
  readonly #send: (message: ToDrain) => void;
  /** In the order of asking, in which the answers come. */
  readonly #waiting: Waiting[] = [];
  #failed: Error | undefined;

  constructor(send: (message: ToDrain) => void) {
    this.#send = send;
  }

  /**
   * Resolves with the directory of the pins, undefined if there are none (also if the operator wants none). Rejects
   * with a SetupError if it cannot be; then nothing is pinned, and all ends with the process.
   */
  set(on: boolean): Promise<string | undefined> {
    if (this.#failed) return Promise.reject(this.#failed);
    return new Promise((answer, fail) => {
      this.#waiting.push({ answer, fail });
      this.#send({ type: 'pin', on });
    });
  }

  /** For the drain thread's answers. */
  answered({ pinned, error }: Extract<FromDrain, { type: 'pinned' }>): void {
    const waiting = this.#waiting.shift();
    if (error) waiting?.fail(fromPlain(error));
    else waiting?.answer(pinned);
  }

  /** The drain thread is no more: nothing will be answered. */
  fail(error: Error): void {
    this.#failed = error;
    for (const { fail } of this.#waiting.splice(0)) fail(error);
  }
}
