/** Finds the TCP connection below a TLS socket: Node.js has no public property for it. */
import type { Server as HttpServer } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';

/**
 * Calls `secured` for each connection of a TLS server whose handshake is complete; `tcp` is undefined if that connection
 * has closed. Does nothing for a server without TLS.
 */
export function watchHandshakes(server: HttpServer, secured: (socket: Socket, tcp: Socket | undefined) => void): void {
  if (!(server instanceof TlsServer)) return;
  const pending = new Map<string, Socket>();
  server.on('connection', (tcp: Socket) => {
    const ends = endsOf(tcp);
    pending.set(ends, tcp);
    tcp.once('close', () => {
      if (pending.get(ends) === tcp) pending.delete(ends);
    });
  });
  server.on('secureConnection', (socket) => {
    const ends = endsOf(socket);
    const tcp = pending.get(ends);
    pending.delete(ends);
    secured(socket, tcp);
  });
}

/** Identifies a connection while it exists: a TLS socket has the ends of the TCP connection below it. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}
