import { type Hello, helloSchema, PROTOCOL_VERSION, rejectionSchema } from '@packetlog/common';
import { nodePath } from '@packetlog/common/fleet';
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

/** The path of a node behind a hub: `/nodes/web1/`. */
const NODE_PATH = /^\/nodes\/([^/]+)\/?$/;

/** A server that sends a first message on each connection. */
interface Greeting<First> {
  /** Its event. */
  readonly event: 'hello' | 'hub';
  readonly parse: (message: unknown) => { success: true; data: First } | { success: false; error: unknown };
  /** What it greets. */
  readonly server: 'loader' | 'hub';
  /** Says what to do when the other kind of server greets. */
  readonly other: (url: string) => string;
}

const LOADER: Greeting<Hello> = {
  event: 'hello',
  parse: (message) => helloSchema.safeParse(message),
  server: 'loader',
  other: (url) =>
    `${url} is a hub, not a loader. Connect to one of its nodes at ${new URL(url).origin}${nodePath('NAME')}, or to the hub with connectHub().`,
};

/**
 * Opens a socket to a loader, and resolves with the loader's `hello` once the loader has accepted it. The socket reconnects
 * after either side closes the connection, until `disconnect()` is called.
 */
export async function openSocket(
  url: string,
  options: ConnectOptions,
): Promise<{ socket: Socket; hello: Hello; findings: FindingsFeed; bans: BansFeed }> {
  const socket = newSocket(url, options);
  // Before the loader sends them, right after its hello.
  const findings = new FindingsFeed(socket);
  const bans = new BansFeed(socket);
  const hello = await greeted(socket, url, options, LOADER);
  return { socket, hello, findings, bans };
}

/** Returns a socket that is connecting. */
export function newSocket(url: string, options: ConnectOptions): Socket {
  const { token, adminToken } = options;
  const agent = agentFor(options);
  const { pathname, origin } = URL.canParse(url) ? new URL(url) : { pathname: '', origin: url };
  const [, node] = NODE_PATH.exec(pathname) ?? [];
  return io(node === undefined ? url : origin, {
    // Its type covers only browsers, which have no agents.
    ...(agent !== undefined && { agent: agent as unknown as string }),
    ...(node !== undefined && { path: `${nodePath(node)}socket.io/` }),
    transports: ['websocket'],
    auth: { token, ...(adminToken !== undefined && { admin_token: adminToken }), protocol: PROTOCOL_VERSION },
    forceNew: true,
    reconnectionDelay: 250,
    reconnectionDelayMax: 3_000,
  });
}

/** Resolves with the first message of a socket once the server has accepted it. Disconnects it otherwise. */
export async function greeted<First>(
  socket: Socket,
  url: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS }: ConnectOptions,
  greeting: Greeting<First>,
): Promise<First> {
  try {
    const first = await waitForFirst(socket, url, timeoutMs, greeting);
    socket.on('disconnect', (reason) => {
      // socket.io does not reconnect after the server has closed the connection.
      if (reason === 'io server disconnect') setTimeout(() => socket.connect(), RECONNECT_DELAY_MS);
    });
    socket.on('connect_error', (error: Error & { data?: unknown }) => {
      const retryMs = retryAfter(socket, error);
      if (retryMs !== undefined) setTimeout(() => socket.connect(), retryMs);
    });
    return first;
  } catch (error) {
    socket.disconnect();
    throw error;
  }
}

/** Returns when to connect again after a rejection that does not last, such as of a node that is away; undefined: never. */
export function retryAfter(socket: Socket, { data }: Error & { data?: unknown }): number | undefined {
  return socket.active ? undefined : rejectionSchema.safeParse(data).data?.retry_after_ms;
}

/** Resolves with the first message. Rejects if the server rejects the connection, or after the timeout. */
function waitForFirst<First>(
  socket: Socket,
  url: string,
  timeoutMs: number,
  { event, parse, server, other }: Greeting<First>,
): Promise<First> {
  return new Promise((resolve, reject) => {
    let lastError: Error | undefined;
    const otherEvent = event === 'hello' ? 'hub' : 'hello';
    const settle = (act: () => void) => {
      clearTimeout(timer);
      socket.off(event, onFirst);
      socket.off(otherEvent, onOther);
      socket.off('connect_error', onError);
      act();
    };
    const onFirst = (message: unknown) => {
      const first = parse(message);
      if (first.success) return settle(() => resolve(first.data));
      const text = `The server at ${url} is not a PacketLog ${server} of this version. Use the same version of ${server} and client.`;
      settle(() => reject(new PacketLogError(text, { code: 'protocol_mismatch' }, { cause: first.error })));
    };
    const onOther = () => settle(() => reject(new PacketLogError(other(url), { code: 'protocol_mismatch' })));
    const onError = (error: Error & { data?: unknown }) => {
      lastError = error;
      const problem = certificateProblem(error);
      if (problem !== undefined) {
        const text = `The certificate of ${url} is not accepted: ${problem}. Pass its authority as ca, the certificate itself as certificate, or set NODE_EXTRA_CA_CERTS.`;
        return settle(() => reject(new PacketLogError(text, { code: 'unreachable' }, { cause: error })));
      }
      const rejection = rejectionSchema.safeParse(error.data);
      // Other errors can be temporary: the server may still be starting.
      if (!rejection.success) return;
      const { code, message } = rejection.data;
      settle(() => reject(new PacketLogError(message, { code }, { cause: error })));
    };
    const timer = setTimeout(() => {
      const command = server === 'hub' ? 'packetlog hub' : 'packetlog';
      const text = `No ${server} answered at ${url} within ${timeoutMs} ms. Check that ${command} is running there.`;
      settle(() => reject(new PacketLogError(text, { code: 'unreachable' }, { cause: lastError })));
    }, timeoutMs);
    socket.on(event, onFirst);
    socket.on(otherEvent, onOther);
    socket.on('connect_error', onError);
  });
}
