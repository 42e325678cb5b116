/** Configures socket.io: WebSocket only, bounded messages, pings and handshakes, no foreign pages. */
import type { Server as HttpServer } from 'node:http';
import { type ClientToServerEvents, MAX_MESSAGE_BYTES, type ServerToClientEvents } from '@packetlog/common';
import { Server, type ServerOptions } from 'socket.io';
import type { LineLimit } from '../line-limit.ts';
import { answerParser } from './answer-encoding.ts';
import { type Allowed, foreignHeaderOf } from './http/allowed-hosts.ts';
import { allowOneConnect } from './one-connect.ts';
import { boundPongs } from './pongs.ts';

/** A client that has taken nothing from its queue for this long is disconnected. */
export const STALLED_MS = 30_000;
const FOREIGN_HOST = 'host name rejected: open the URL that packetlog printed, or name it with --allow-origin';
const FOREIGN_ORIGIN = 'browser origin rejected: start with --allow-origin to permit it';

export type Io = Server<ClientToServerEvents, ServerToClientEvents>;

export function socketIo(http: HttpServer, allowed: () => Allowed, lines: LineLimit): Io {
  return hardenedIo(http, allowed, lines, { parser: answerParser, maxHttpBufferSize: MAX_MESSAGE_BYTES });
}

/** Also used by the hub. `namespaces`: those besides the main one. */
export function hardenedIo(
  http: HttpServer,
  allowed: () => Allowed,
  lines: LineLimit,
  own: Pick<ServerOptions, 'maxHttpBufferSize'> & Partial<Pick<ServerOptions, 'parser'>>,
  namespaces: readonly string[] = [],
): Server {
  const io = new Server(http, {
    ...own,
    transports: ['websocket'],
    perMessageDeflate: false,
    httpCompression: false,
    serveClient: false,
    // Longer than the connection's own limit (see connections.ts).
    connectTimeout: 15_000,
    pingInterval: 10_000,
    // Not shorter than STALLED_MS: the ping waits behind the rows.
    pingTimeout: STALLED_MS,
    allowRequest: (request, answer) => {
      const { host, origin } = request.headers;
      const foreign = foreignHeaderOf(allowed(), request);
      if (foreign === 'Host') lines.warn({ host: host ?? '' }, FOREIGN_HOST);
      if (foreign === 'Origin') lines.warn({ origin: origin ?? '' }, FOREIGN_ORIGIN);
      answer(foreign ? `${foreign} not allowed` : null, foreign === undefined);
    },
  });
  boundPongs(io.engine);
  allowOneConnect(io.engine, namespaces);
  return io;
}
