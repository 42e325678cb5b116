/** The socket.io side: who may connect, what each client is sent and may ask for. */
import type { Server as HttpServer } from 'node:http';
import {
  type Acknowledgement,
  type ClientToServerEvents,
  DEFAULT_ROWS_PER_SECOND,
  type Hello,
  handshakeSchema,
  type Notice,
  PROTOCOL_VERSION,
  pauseSchema,
  type Refusal,
  type ServerToClientEvents,
  type Summary,
  subscribeSchema,
} from '@packetlog/common';
import type { Logger } from 'pino';
import { Server, type Socket } from 'socket.io';
import type { z } from 'zod';
import type { DrainLedger } from '../drain/messages.ts';
import { type Allowed, refusal } from './allowed-hosts.ts';
import { BACKLOG_BYTES, type ClientSink, ClientStream, type StreamClock } from './client-stream.ts';
import { sameToken } from './token.ts';

const MAX_CLIENTS = 1000;
/** Bad messages a client may send before it is disconnected. */
const MAX_BAD_MESSAGES = 10;
/** How long the end waits for clients to take what was sent, and again for them to hang up. */
const CLOSE_MS = 1000;
const KNOWN_EVENTS = new Set(['subscribe', 'pause']);

type ClientSocket = Socket<ClientToServerEvents, ServerToClientEvents>;

interface Client {
  socket: ClientSocket;
  stream: ClientStream;
  sink: ClientSink;
  /** Asked for rows. */
  subscribed: boolean;
  /** Rows that pass are meant for it: from the moment on when the drain thread knows of it. */
  active: boolean;
  badMessages: number;
}

export interface SocketServerOptions {
  http: HttpServer;
  allowed: () => Allowed;
  token: string;
  hello: () => Hello;
  /** Shape of the records that `rows` gets. */
  stride: number;
  recordOffset: number;
  /** Called when the number of rows that clients can use changed. */
  onRowsWanted: (perSecond: number) => void;
  log: Logger;
}

const clock: StreamClock = {
  now: () => performance.now(),
  after: (ms, action) => {
    setTimeout(action, ms);
  },
};

export class SocketServer {
  readonly #options: SocketServerOptions;
  readonly #io: Server<ClientToServerEvents, ServerToClientEvents>;
  readonly #clients = new Map<string, Client>();

  constructor(options: SocketServerOptions) {
    this.#options = options;
    this.#io = new Server(options.http, {
      transports: ['websocket'],
      perMessageDeflate: false,
      httpCompression: false,
      maxHttpBufferSize: 64 * 1024,
      serveClient: false,
      connectTimeout: 5000,
      pingInterval: 10_000,
      pingTimeout: 10_000,
      allowRequest: (request, answer) => {
        const refused = refusal(options.allowed(), request.headers.host, request.headers.origin);
        if (refused)
          options.log.warn({ [refused.toLowerCase()]: request.headers[refused.toLowerCase()] }, 'socket refused');
        answer(refused ? `${refused} not allowed` : null, refused === undefined);
      },
    });
    this.#io.use((socket, next) => {
      const problem = this.#admission(socket.handshake.auth);
      next(problem && Object.assign(new Error(problem.message), { data: problem }));
    });
    this.#io.on('connection', (socket) => this.#admit(socket));
  }

  /** `bytes` begins with `count` records; both are only read during the call. */
  rows(bytes: Uint8Array, count: number, skipped: number): void {
    for (const client of this.#clients.values()) {
      if (client.active) client.stream.add(bytes, count, skipped);
    }
  }

  /** What passes from now on is meant for everybody who has subscribed. */
  activate(): void {
    for (const client of this.#clients.values()) client.active = client.subscribed;
  }

  second(ledger: DrainLedger, summary: Summary, clockOffsetNs: bigint): void {
    for (const { socket, stream, sink } of this.#clients.values()) {
      stream.setClockOffset(clockOffsetNs);
      // For a client that does not read, the next one will do.
      if (sink.backlog() > BACKLOG_BYTES / 2) continue;
      socket.emit('summary', summary);
      socket.emit('ledger', { ...ledger, client: stream.ledger() });
    }
  }

  notice(notice: Notice): void {
    this.#io.emit('notice', notice);
  }

  /** Sends what waits, then closes every connection; those that do not take it are given up. */
  async close(): Promise<void> {
    const sent = [...this.#clients.values()].map(({ stream, socket: { conn } }) => {
      stream.flush();
      const closed = new Promise<void>((resolve) => conn.once('close', () => resolve()));
      conn.close();
      return closed;
    });
    await atMost(CLOSE_MS, Promise.all(sent));
    const closed = this.#io.close();
    // Browsers open connections in advance, without a request on them: nothing else would end those.
    this.#options.http.closeAllConnections();
    await atMost(CLOSE_MS, closed);
  }

  #admission(auth: unknown): Refusal | undefined {
    const parsed = handshakeSchema.safeParse(auth);
    if (!parsed.success || !sameToken(parsed.data.token, this.#options.token)) {
      return {
        code: 'unauthorized',
        message: 'The token is not right. Open the URL that packetlog printed when it started.',
      };
    }
    const { protocol } = parsed.data;
    if (protocol !== undefined && protocol !== PROTOCOL_VERSION) {
      const message = `The loader speaks protocol ${PROTOCOL_VERSION}, the client ${protocol}. Reload the page, or use the same version of both.`;
      return { code: 'protocol_mismatch', message };
    }
    if (this.#clients.size >= MAX_CLIENTS) {
      return {
        code: 'too_many_clients',
        message: `${MAX_CLIENTS} clients are connected already. Close one and try again.`,
      };
    }
    return undefined;
  }

  #admit(socket: ClientSocket): void {
    const sink = sinkOf(socket);
    const stream = new ClientStream({
      sink,
      clock,
      stride: this.#options.stride,
      recordOffset: this.#options.recordOffset,
      rowsPerSecond: DEFAULT_ROWS_PER_SECOND,
    });
    const client: Client = { socket, stream, sink, subscribed: false, active: false, badMessages: 0 };
    this.#clients.set(socket.id, client);
    this.#options.log.debug({ client: socket.id, clients: this.#clients.size }, 'client connected');
    socket.on('disconnect', (reason) => {
      this.#clients.delete(socket.id);
      this.#options.log.debug({ client: socket.id, reason }, 'client disconnected');
      this.#wantRows();
    });
    socket.on('subscribe', (...given: unknown[]) =>
      this.#answer(client, subscribeSchema, given, ({ max_rows_per_second }) => {
        client.subscribed = true;
        stream.limit(max_rows_per_second);
        this.#wantRows();
        return { max_rows_per_second };
      }),
    );
    socket.on('pause', (...given: unknown[]) =>
      this.#answer(client, pauseSchema, given, ({ paused }) => {
        stream.pause(paused);
        this.#wantRows();
        return { paused };
      }),
    );
    // The parser also lets numbers and nothing at all through as names of events.
    socket.onAny((event: unknown) => {
      const name = String(event);
      if (!KNOWN_EVENTS.has(name)) this.#bad(client, `unknown event ${JSON.stringify(name.slice(0, 40))}`);
    });
    socket.emit('hello', this.#options.hello());
  }

  /** Validates what a client sent and acknowledges; nothing it sends may throw out of here. */
  #answer<Schema extends z.ZodType, Value>(
    client: Client,
    schema: Schema,
    given: readonly unknown[],
    act: (input: z.output<Schema>) => Value,
  ): void {
    const last = given.at(-1);
    const acknowledge = typeof last === 'function' ? (last as (result: Acknowledgement<Value>) => void) : () => {};
    try {
      const parsed = schema.safeParse(given[0]);
      if (parsed.success) {
        acknowledge({ ok: true, value: act(parsed.data) });
        return;
      }
      const [issue] = parsed.error.issues;
      const message = `${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'not valid'}`;
      acknowledge({ ok: false, error: { code: 'invalid', message } });
      this.#bad(client, message);
    } catch (error) {
      this.#options.log.error({ err: error, client: client.socket.id }, 'handling a message failed');
      acknowledge({
        ok: false,
        error: { code: 'internal', message: 'The loader failed to handle this; see its log.' },
      });
    }
  }

  #bad(client: Client, problem: string): void {
    client.badMessages++;
    this.#options.log.warn({ client: client.socket.id, problem, count: client.badMessages }, 'bad message');
    if (client.badMessages >= MAX_BAD_MESSAGES) client.socket.disconnect(true);
  }

  #wantRows(): void {
    let most = 0;
    for (const { subscribed, stream } of this.#clients.values()) {
      if (subscribed) most = Math.max(most, stream.rowsPerSecond);
    }
    this.#options.onRowsWanted(most);
  }
}

async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, over]);
  clearTimeout(timer);
}

/** engine.io keeps what the transport has not taken in an open-ended array: count its bytes. */
function sinkOf(socket: ClientSocket): ClientSink {
  let backlog = 0;
  socket.conn.on('drain', () => {
    backlog = 0;
  });
  return {
    send: (batch) => {
      backlog += batch.byteLength;
      socket.emit('packets', batch);
    },
    backlog: () => backlog,
  };
}
