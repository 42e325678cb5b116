/** Sends one HTTP request on a connection that exists: the relay that a node dialed. */
import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';

export class RelayAgent extends Agent {
  readonly #connection: Duplex;

  constructor(connection: Duplex) {
    super({ keepAlive: false });
    this.#connection = connection;
  }

  override createConnection(): Duplex {
    return this.#connection;
  }
}
