/** Connects to a node as a client, on a relay. */
import type { Duplex } from 'node:stream';
import { type Rejection, rejectionSchema } from '@packetlog/common';
import { io, type Socket } from 'socket.io-client';
import { RelayAgent } from './relay-agent.ts';

const CONNECT_MS = 10_000;

/** The node, or the hub, rejects a person's connection. */
export class RelayRejection extends Error {
  override readonly name = 'RelayRejection';
  readonly data: Rejection;

  constructor(data: Rejection) {
    super(data.message);
    this.data = data;
  }
}

/** Returns a socket that is connecting; listen to its events at once, because the node greets. */
export function socketTo(relay: Duplex, node: string, auth: object): Socket {
  return io(`http://${node}`, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    timeout: CONNECT_MS,
    auth,
    // Declared as text only, for browsers.
    agent: new RelayAgent(relay) as unknown as string,
  });
}

/** Resolves when the node has accepted the connection. Rejects with RelayRejection, or the connection's error. */
export function accepted(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => failed(new Error(`no answer within ${CONNECT_MS / 1000} s`)), CONNECT_MS);
    const failed = (error: Error & { data?: unknown }) => {
      clearTimeout(timer);
      socket.disconnect();
      const rejection = rejectionSchema.safeParse(error.data);
      reject(rejection.success ? new RelayRejection(rejection.data) : error);
    };
    socket.once('connect_error', failed);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('connect_error', failed);
      resolve();
    });
  });
}
