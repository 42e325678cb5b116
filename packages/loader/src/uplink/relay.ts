/** Dials a relay: a connection on which the hub is the HTTP client, and this node's web server answers. */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { RELAY_PATH, RELAY_UPGRADE } from '@packetlog/common/fleet';
import type { OpenSession } from './hub-connection.ts';

const DIAL_MS = 10_000;

/** Resolves with the connection. Rejects with what failed. */
export function dialRelay({ url, agent, welcome }: OpenSession, id: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(`${RELAY_PATH}${id}`, url), {
      agent,
      headers: {
        Authorization: `Bearer ${welcome.session_token}`,
        Connection: 'Upgrade',
        Upgrade: RELAY_UPGRADE,
      },
    });
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${DIAL_MS / 1000} s`)), DIAL_MS);
    const settled = () => clearTimeout(timer);
    outgoing.on('upgrade', (_, socket, head) => {
      settled();
      if (head.byteLength > 0) socket.unshift(head);
      resolve(socket as Socket);
    });
    outgoing.on('response', (response) => {
      settled();
      outgoing.destroy();
      reject(new Error(`the hub answered with HTTP status ${response.statusCode}`));
    });
    outgoing.on('error', (error) => {
      settled();
      reject(error);
    });
    outgoing.end();
  });
}
