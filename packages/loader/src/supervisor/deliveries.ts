/** Requests that the server sends for the core, such as messages of alerts. */
import type { DeliveryResult, OutgoingRequest } from '../ipc/alerts/outgoing-request.ts';
import type { ToServer } from '../ipc/server-messages.ts';

/** Longer than the server's own timeout: a server that does not answer is hostile or frozen. */
const EXTRA_MS = 5000;

interface Pending {
  readonly resolve: (result: DeliveryResult) => void;
  readonly timer: NodeJS.Timeout;
}

export class Deliveries {
  readonly #send: (message: Extract<ToServer, { type: 'deliver' }>) => void;
  readonly #pending = new Map<number, Pending>();
  #deliveries = 0;

  constructor(send: (message: Extract<ToServer, { type: 'deliver' }>) => void) {
    this.#send = send;
  }

  /** Never rejects; resolves without a status if the server does not answer. */
  deliver(request: OutgoingRequest, hasServer: boolean): Promise<DeliveryResult> {
    if (!hasServer) return Promise.resolve({ text: 'the server process does not run' });
    const delivery = ++this.#deliveries;
    return new Promise((resolve) => {
      const late = () => this.delivered(delivery, { text: 'the server process did not answer' });
      const timer = setTimeout(late, request.timeout_ms + EXTRA_MS);
      this.#pending.set(delivery, { resolve, timer });
      this.#send({ type: 'deliver', delivery, request });
    });
  }

  /** Ignores numbers that no request has: the server is not trusted. */
  delivered(delivery: number, result: DeliveryResult): void {
    const pending = this.#pending.get(delivery);
    if (pending === undefined) return;
    this.#pending.delete(delivery);
    clearTimeout(pending.timer);
    pending.resolve(result);
  }

  /** The server has ended. */
  end(): void {
    for (const delivery of [...this.#pending.keys()]) {
      this.delivered(delivery, { text: 'the server process ended before the answer' });
    }
  }
}
