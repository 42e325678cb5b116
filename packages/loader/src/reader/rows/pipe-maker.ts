/** Requests pipes from the drain thread, which calls all C functions. */
import { fromPlain } from '../../errors/setup-error.ts';
import type { FromDrain, PassTo, ServerPipes, ToDrain } from '../../ipc/messages.ts';

export class PipeMaker {
  readonly #send: (message: ToDrain) => void;
  readonly #pending: { resolve: (pipes: ServerPipes) => void; reject: (error: Error) => void }[] = [];
  #failed: Error | undefined;

  constructor(send: (message: ToDrain) => void) {
    this.#send = send;
  }

  /** `passTo`: the socket that the server's ends are passed over, or `messages`: pipes take its place. */
  make(passTo: PassTo): Promise<ServerPipes> {
    if (this.#failed) return Promise.reject(this.#failed);
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.#send({ type: 'make-pipes', passTo });
    });
  }

  answered(message: Extract<FromDrain, { type: 'pipes' }>): void {
    const pending = this.#pending.shift();
    if (message.pipes === undefined) pending?.reject(fromPlain(message.error));
    else pending?.resolve(message.pipes);
  }

  /** The drain thread has ended. */
  fail(error: Error): void {
    this.#failed = error;
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}
