import type { Socket } from 'socket.io-client';
import { PacketLogError } from './packet-log-error.ts';

/** Requests over a socket, until the client is closed or its token is no longer accepted. */
export class Requests {
  readonly #socket: Socket;
  readonly #server: 'loader' | 'hub';
  readonly #pending = new Set<(reason: PacketLogError) => void>();
  #ended: PacketLogError | undefined;

  constructor(socket: Socket, server: 'loader' | 'hub') {
    this.#socket = socket;
    this.#server = server;
  }

  /** Resolves with the acknowledgement. `next`: what to do when there is none, as a sentence. */
  send<Answer>(event: string, request: unknown, timeoutMs: number, next: string): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      this.#socket.timeout(timeoutMs).emit(event, request, (cause: Error | null, answer: Answer) => {
        this.#pending.delete(reject);
        if (!cause) return resolve(answer);
        const when = this.#socket.connected ? `within ${timeoutMs} ms` : 'before the connection broke';
        const text = `The ${this.#server} did not answer ${event} ${when}. ${next}`;
        reject(new PacketLogError(text, { code: 'unanswered' }, { cause }));
      });
    });
  }

  /** Returns the error of an answer that says no, but not in a known format. */
  unreadable(event: string): PacketLogError {
    const text = `The ${this.#server} rejected ${event}: the error has an unknown format. See the ${this.#server}’s log.`;
    return new PacketLogError(text, { code: 'internal' });
  }

  /** Ends them permanently: pending requests fail at once, not at their timeout. */
  end(reason: PacketLogError): void {
    this.#ended ??= reason;
    for (const reject of this.#pending) reject(this.#ended);
    this.#pending.clear();
  }
}
