/** Chooses, from the serving thread, whether program and maps outlive the process. */
import { fromPlain } from '../errors/setup-error.ts';
import type { FromDrain, ToDrain } from '../ipc/messages.ts';

interface PendingRequest {
  answer: (pinned: string | undefined) => void;
  fail: (error: Error) => void;
}

export class PinControl {
  readonly #send: (message: ToDrain) => void;
  /** Requests in the order they were sent, which is the order of the answers. */
  readonly #pending: PendingRequest[] = [];
  #failed: Error | undefined;

  constructor(send: (message: ToDrain) => void) {
    this.#send = send;
  }

  /**
   * Resolves with the directory of the pins, or undefined if there are none (also if the operator disabled pinning).
   * Rejects with a SetupError if pinning fails; then nothing is pinned, and everything ends with the process.
   */
  set(on: boolean): Promise<string | undefined> {
    if (this.#failed) return Promise.reject(this.#failed);
    return new Promise((answer, fail) => {
      this.#pending.push({ answer, fail });
      this.#send({ type: 'pin', on });
    });
  }

  /** Handles an answer of the drain thread. */
  answered({ pinned, error }: Extract<FromDrain, { type: 'pinned' }>): void {
    const pending = this.#pending.shift();
    if (error) pending?.fail(fromPlain(error));
    else pending?.answer(pinned);
  }

  /** The drain thread has ended: rejects all requests, pending and later ones. */
  fail(error: Error): void {
    this.#failed = error;
    for (const { fail } of this.#pending.splice(0)) fail(error);
  }
}
