import { type Hello, helloSchema, PROTOCOL_VERSION, rejectionSchema } from '@packetlog/common';
import { io, type Socket } from 'socket.io-client';
import { PacketLogError } from './packet-log-error.ts';

export interface ConnectOptions {
  /** Read-only access: the `token` of the URL that packetlog printed, or its PACKETLOG_TOKEN. */
  readonly token: string;
  /** Access to change rules: `admin_token`, or its PACKETLOG_ADMIN_TOKEN. */
  readonly adminToken?: string;
  /** How long to wait for the loader, now and with each request; 10,000 ms by default. */
  readonly timeoutMs?: number;
}

export const DEFAULT_TIMEOUT_MS = 10_000;

const AGAIN_AFTER_MS = 1_000;

/**
 * Opens a socket; resolves when the loader has admitted it, with its `hello`. The socket reconnects, whichever side
 * closed the connection, until `disconnect()`.
 */
export async function openSocket(url: string, options: ConnectOptions): Promise<{ socket: Socket; hello: Hello }> {
  const { token, adminToken, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const socket = io(url, {
    transports: ['websocket'],
    auth: { token, ...(adminToken !== undefined && { admin_token: adminToken }), protocol: PROTOCOL_VERSION },
    forceNew: true,
    reconnectionDelay: 250,
    reconnectionDelayMax: 3_000,
  });
  try {
    const hello = await firstWord(socket, url, timeoutMs);
    socket.on('disconnect', (reason) => {
      // socket.io treats this as final, and would not reconnect.
      if (reason === 'io server disconnect') setTimeout(() => socket.connect(), AGAIN_AFTER_MS);
    });
    return { socket, hello };
  } catch (error) {
    socket.disconnect();
    throw error;
  }
}

function firstWord(socket: Socket, url: string, timeoutMs: number): Promise<Hello> {
  return new Promise((resolve, reject) => {
    let last: Error | undefined;
    const settle = (act: () => void) => {
      clearTimeout(timer);
      socket.off('hello', onHello);
      socket.off('connect_error', onError);
      act();
    };
    const onHello = (message: unknown) => {
      const hello = helloSchema.safeParse(message);
      if (hello.success) return settle(() => resolve(hello.data));
      const text = `What answers at ${url} is no PacketLog loader of this version. Use the same version of both.`;
      settle(() => reject(new PacketLogError(text, { code: 'protocol_mismatch' }, { cause: hello.error })));
    };
    const onError = (error: Error & { data?: unknown }) => {
      last = error;
      const rejection = rejectionSchema.safeParse(error.data);
      // Any other error may be temporary: the loader may be about to start.
      if (!rejection.success) return;
      const { code, message } = rejection.data;
      settle(() => reject(new PacketLogError(message, { code }, { cause: error })));
    };
    const timer = setTimeout(() => {
      const text = `No loader has answered at ${url} for ${timeoutMs} ms. Check that packetlog runs there.`;
      settle(() => reject(new PacketLogError(text, { code: 'unreachable' }, { cause: last })));
    }, timeoutMs);
    socket.on('hello', onHello);
    socket.on('connect_error', onError);
  });
}
