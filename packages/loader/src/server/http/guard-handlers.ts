/** Guards the handlers of the HTTP server, so that one that throws ends only its own connection. */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Connections } from '../access/connections.ts';
import { securityHeaders } from './security-headers.ts';

type OnRequest = (request: IncomingMessage, response: ServerResponse) => void;
type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Wraps the request and upgrade handlers that `server` has now; call it again after adding others. `failed` gets what
 * they throw.
 */
export function guardHandlers(server: HttpServer, connections: Connections, failed: (error: unknown) => void): void {
  const requests = server.listeners('request') as OnRequest[];
  const upgrades = server.listeners('upgrade') as OnUpgrade[];
  server.removeAllListeners('request').removeAllListeners('upgrade');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // An aborted request must not raise an uncaught error.
    request.on('error', () => {});
    response.on('error', () => {});
    try {
      if (!connections.request(request, response)) return;
      for (const [name, value] of Object.entries(securityHeaders())) response.setHeader(name, value);
      for (const handler of requests) handler.call(server, request, response);
    } catch (error) {
      failed(error);
      fail(response);
    }
  });
  if (upgrades.length === 0) return;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    try {
      connections.upgraded(request.socket, head);
      for (const handler of upgrades) handler.call(server, request, socket, head);
    } catch (error) {
      failed(error);
      socket.destroy();
    }
  });
}

function fail(response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end('The loader failed to answer this; see its log.\n');
}
