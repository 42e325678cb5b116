/** How many rows all clients can use, and what is to be done when the drain thread passes on that many. */
import type { Client } from './client.ts';

export class RowsWanted {
  readonly #clients: ReadonlyMap<string, Client>;
  readonly #tell: (perSecond: number) => void;
  /** What to do when the drain thread passes on what was wanted then, oldest first. */
  readonly #waiting: { want: number; client: Client; act: () => void }[] = [];
  /** Calls of `tell` and their answers. */
  #wants = 0;
  #answers = 0;

  /** `clients`: those that are connected, by the id of their socket. Each call of `tell` is answered by one of `answer`. */
  constructor(clients: ReadonlyMap<string, Client>, tell: (perSecond: number) => void) {
    this.#clients = clients;
    this.#tell = tell;
  }

  /** Call it when what `client` wants has changed. Calls `act` when that is what passes, if `client` is still there then. */
  changed(client?: Client, act = () => {}): void {
    let most = 0;
    for (const { rowsWanted } of this.#clients.values()) most = Math.max(most, rowsWanted);
    const want = ++this.#wants;
    if (client) this.#waiting.push({ want, client, act });
    this.#tell(most);
  }

  /** What passes from now on is what was wanted at the oldest call of `tell` that was not answered. */
  answer(): void {
    this.#answers++;
    for (let next = this.#waiting[0]; next && next.want <= this.#answers; next = this.#waiting[0]) {
      const { client, act } = next;
      this.#waiting.shift();
      if (!this.#clients.has(client.socket.id)) continue;
      try {
        act();
      } catch (error) {
        client.messages.failed(error);
      }
    }
  }
}
