/**
 * Allows one CONNECT per connection, to the main namespace or one of the given ones. socket.io answers any other with an error that echoes its
 * name, which a client's budget does not bound, and lets several CONNECTs in one segment become as many clients.
 */
import type { Server } from 'socket.io';

interface EngineConnection {
  readonly request: { readonly socket: { destroy(): void } };
  on(event: 'data', listener: (data: unknown) => void): unknown;
}

/**
 * Packet types of socket.io protocol 5: CONNECT and DISCONNECT. EVENT, ACK, BINARY_EVENT and BINARY_ACK follow a
 * CONNECT.
 */
const CONNECT = '0';
const DISCONNECT = '1';
const OF_A_CLIENT = new Set(['2', '3', '5', '6']);

/** Installs the check. Call it before the first client connects. Any other message ends the connection. */
export function allowOneConnect(engine: Server['engine'], namespaces: readonly string[] = []): void {
  const isKnown = (connect: string) =>
    connect[1] !== '/' ||
    namespaces.some((name) => connect.slice(1) === `${name},` || connect.startsWith(`0${name},{`));
  engine.on('connection', (connection: EngineConnection) => {
    let isConnected = false;
    connection.on('data', (data) => {
      // A binary attachment: the parser knows whether to expect one.
      if (typeof data !== 'string') return;
      const type = data[0] ?? '';
      if (type === CONNECT && !isConnected && isKnown(data)) isConnected = true;
      else if (!(isConnected && (OF_A_CLIENT.has(type) || data === DISCONNECT))) connection.request.socket.destroy();
    });
  });
}
