import { type Hello, helloSchema, PROTOCOL_VERSION, rejectionSchema } from '@packetlog/common';
import { io, type Socket } from 'socket.io-client';
import { BansFeed } from './bans.ts';
import { FindingsFeed } from './findings-feed.ts';
import { PacketLogError } from './packet-log-error.ts';
import { agentFor, certificateProblem } from './tls-options.ts';
import type { TrustOptions } from './trust-options.ts';

export interface ConnectOptions extends TrustOptions {
  /** Grants read access: `token` in the URL that packetlog prints, or the loader's PACKETLOG_TOKEN. */
  readonly token: string;
  /** Grants changes to rules: `admin_token` in that URL, or the loader's PACKETLOG_ADMIN_TOKEN. */
  readonly adminToken?: string;
  /** Timeout for connecting and for each request, in ms; 10,000 by default. */
  readonly timeoutMs?: number;
}

export const DEFAULT_TIMEOUT_MS = 10_000;

const RECONNECT_DELAY_MS = 1_000;

/**
 * Opens a socket, and resolves with the loader's `hello` once the loader has accepted it. The socket reconnects after
 * either side closes the connection, until `disconnect()` is called.
 */
export async function openSocket(
  url: string,
  options: ConnectOptions,
): Promise<{ socket: Socket; hello: Hello; findings: FindingsFeed; bans: BansFeed }> {
  const { token, adminToken, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const agent = agentFor(options);
  const socket = io(url, {
    // Its type covers only browsers, which have no agents.
    ...(agent !== undefined && { agent: agent as unknown as string }),
    transports: ['websocket'],
    auth: { token, ...(adminToken !== undefined && { admin_token: adminToken }), protocol: PROTOCOL_VERSION },
    forceNew: true,
    reconnectionDelay: 250,
    reconnectionDelayMax: 3_000,
  });
  // Before the loader sends them, right after its hello.
  const findings = new FindingsFeed(socket);
  const bans = new BansFeed(socket);
  try {
    const hello = await waitForHello(socket, url, timeoutMs);
    socket.on('disconnect', (reason) => {
      // socket.io does not reconnect after the server has closed the connection.
      if (reason === 'io server disconnect') setTimeout(() => socket.connect(), RECONNECT_DELAY_MS);
    });
    return { socket, hello, findings, bans };
  } catch (error) {
    socket.disconnect();
    throw error;
  }
}

/** Resolves with the first `hello`. Rejects if the loader rejects the connection, or after the timeout. */
function waitForHello(socket: Socket, url: string, timeoutMs: number): Promise<Hello> {
  return new Promise((resolve, reject) => {
    let lastError: Error | undefined;
    const settle = (act: () => void) => {
      clearTimeout(timer);
      socket.off('hello', onHello);
      socket.off('connect_error', onError);
      act();
    };
    const onHello = (message: unknown) => {
      const hello = helloSchema.safeParse(message);
      if (hello.success) return settle(() => resolve(hello.data));
      const text = `The server at ${url} is not a PacketLog loader of this version. Use the same version of loader and client.`;
      settle(() => reject(new PacketLogError(text, { code: 'protocol_mismatch' }, { cause: hello.error })));
    };
    const onError = (error: Error & { data?: unknown }) => {
      lastError = error;
      const problem = certificateProblem(error);
      if (problem !== undefined) {
        const text = `The certificate of ${url} is not accepted: ${problem}. Pass its authority as ca, the certificate itself as certificate, or set NODE_EXTRA_CA_CERTS.`;
        return settle(() => reject(new PacketLogError(text, { code: 'unreachable' }, { cause: error })));
      }
      const rejection = rejectionSchema.safeParse(error.data);
      // Other errors can be temporary: the loader may still be starting.
      if (!rejection.success) return;
      const { code, message } = rejection.data;
      settle(() => reject(new PacketLogError(message, { code }, { cause: error })));
    };
    const timer = setTimeout(() => {
      const text = `No loader answered at ${url} within ${timeoutMs} ms. Check that packetlog is running there.`;
      settle(() => reject(new PacketLogError(text, { code: 'unreachable' }, { cause: lastError })));
    }, timeoutMs);
    socket.on('hello', onHello);
    socket.on('connect_error', onError);
  });
}
