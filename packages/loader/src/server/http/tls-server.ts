/** An HTTP server, with TLS or without. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { TlsPem } from '../../ipc/tls-pem.ts';

/** Time for the TLS handshake. */
const HANDSHAKE_MS = 10_000;

/** `tls` undefined: plain HTTP. */
export function makeServer(tls: TlsPem | undefined, handler: RequestListener): Server {
  if (tls === undefined) return createServer(handler);
  return createTlsServer({ ...tls, handshakeTimeout: HANDSHAKE_MS }, handler);
}

/** Uses another certificate for later connections; a server without TLS stays as it is. */
export function replaceTls(server: Server, tls: TlsPem): void {
  if (server instanceof TlsServer) server.setSecureContext({ ...tls });
}
