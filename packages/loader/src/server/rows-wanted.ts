/** Tracks how many rows all clients can use, and runs pending actions when the drain thread passes on that many. */
import type { Client } from './client.ts';

export class RowsWanted {
  readonly #clients: ReadonlyMap<string, Client>;
  readonly #request: (perSecond: number) => void;
  /** Actions to run when the drain thread passes on the wanted rows, oldest first. */
  readonly #pending: { want: number; client: Client; act: () => void }[] = [];
  /** Number of requests, and of their answers. */
  #wants = 0;
  #answers = 0;

  /** `clients` holds the connected clients by socket id. Each call of `request` is answered by one call of `answer`. */
  constructor(clients: ReadonlyMap<string, Client>, request: (perSecond: number) => void) {
    this.#clients = clients;
    this.#request = request;
  }

  /**
   * Call it when what `client` wants has changed. Calls `act` once the drain thread passes that on, if `client` is
   * still connected.
   */
  changed(client?: Client, act = () => {}): void {
    let max = 0;
    for (const { rowsWanted } of this.#clients.values()) max = Math.max(max, rowsWanted);
    const want = ++this.#wants;
    if (client) this.#pending.push({ want, client, act });
    this.#request(max);
  }

  /** Call it when the drain thread passes on what the oldest unanswered request named. */
  answer(): void {
    this.#answers++;
    for (let next = this.#pending[0]; next && next.want <= this.#answers; next = this.#pending[0]) {
      const { client, act } = next;
      this.#pending.shift();
      if (!this.#clients.has(client.socket.id)) continue;
      try {
        act();
      } catch (error) {
        client.messages.failed(error);
      }
    }
  }
}
