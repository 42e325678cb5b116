/**
 * One CONNECT for each connection, to the main namespace. socket.io answers every other one with an error that echoes its
 * name, outside of what a client's budget bounds, and lets several in one segment become as many clients.
 */
import type { Server } from 'socket.io';

interface EngineConnection {
  readonly request: { readonly socket: { destroy(): void } };
  on(event: 'data', listener: (data: unknown) => void): unknown;
}

/** Packet types of socket.io's protocol 5: CONNECT and DISCONNECT; EVENT, ACK, BINARY_EVENT and BINARY_ACK follow a CONNECT. */
const CONNECT = '0';
const DISCONNECT = '1';
const OF_A_CLIENT = new Set(['2', '3', '5', '6']);

/** Call it before the first client comes. Any other message ends its connection. */
export function allowOneConnect(engine: Server['engine']): void {
  engine.on('connection', (connection: EngineConnection) => {
    let isConnected = false;
    connection.on('data', (data) => {
      // A binary attachment: the parser knows whether one is due.
      if (typeof data !== 'string') return;
      const type = data[0] ?? '';
      if (type === CONNECT && !isConnected && data[1] !== '/') isConnected = true;
      else if (!(isConnected && (OF_A_CLIENT.has(type) || data === DISCONNECT))) connection.request.socket.destroy();
    });
  });
}
