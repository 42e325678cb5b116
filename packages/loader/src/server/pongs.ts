/**
 * Bounds the answers to WebSocket pings: at most one pong waits to be sent; after it, the newest ping that has arrived
 * is answered (RFC 6455 section 5.5.3).
 */
import type { Server } from 'socket.io';

interface PingedSocket {
  on(event: 'ping', listener: (data: Buffer) => void): unknown;
  pong(data: Buffer, mask: boolean, sent: () => void): void;
}

interface EngineParts {
  readonly ws: { readonly options: { autoPong: boolean } };
}

interface ConnectionParts {
  readonly transport: { readonly socket: PingedSocket };
}

/**
 * Installs the bound. Call it before the first client connects. Without it, ws keeps a pong for every ping until the
 * peer reads.
 */
export function boundPongs(engine: Server['engine']): void {
  (engine as unknown as EngineParts).ws.options.autoPong = false;
  engine.on('connection', (connection: ConnectionParts) => answerPings(connection.transport.socket));
}

export function answerPings(socket: PingedSocket): void {
  let isSending = false;
  let newest: Buffer | undefined;
  const answer = (data: Buffer) => {
    isSending = true;
    socket.pong(data, false, () => {
      isSending = false;
      const next = newest;
      newest = undefined;
      if (next !== undefined) answer(next);
    });
  };
  socket.on('ping', (data) => {
    if (isSending) newest = data;
    else answer(data);
  });
}
