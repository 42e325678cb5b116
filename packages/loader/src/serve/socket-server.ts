/** The socket.io side: who may connect, what each client is sent and may ask for. */
import type { Server as HttpServer } from 'node:http';
import {
  type ClientToServerEvents,
  EVERYTHING,
  type Filter,
  type Hello,
  MAX_MESSAGE_BYTES,
  type Notice,
  parseFilter,
  pauseSchema,
  type Refusal,
  type RuleCounters,
  type ServerToClientEvents,
  type Summary,
  simplified,
  subscribeSchema,
} from '@packetlog/common';
import type { Logger } from 'pino';
import { Server } from 'socket.io';
import type { DrainLedger } from '../drain/messages.ts';
import type { Desk } from '../rules/desk.ts';
import { admission, isAdmin, type Tokens, waitForTokens } from './admission.ts';
import { type Allowed, refusal } from './allowed-hosts.ts';
import { answerParser } from './answer-encoding.ts';
import { Budgets } from './budget.ts';
import { Client, type ClientSocket } from './client.ts';
import type { Connections } from './connections.ts';
import { LineLimit } from './line-limit.ts';
import { PAUSE, subscribeCost } from './message-cost.ts';
import { allowOneConnect } from './one-connect.ts';
import { BACKLOG_BYTES, BACKLOG_MS } from './outbox.ts';
import { peerOf } from './peer-address.ts';
import { boundPongs } from './pongs.ts';
import { type Questions, Unavailable } from './questions.ts';
import type { StreamClock } from './row-stream.ts';
import { RowStreams } from './row-streams.ts';
import { RULES_EVENTS, RulesFeed } from './rules-feed.ts';
import { streamRefusal } from './stream-limits.ts';
import { TokenGuesses } from './token-guesses.ts';
import { eventMessage, together } from './wire.ts';

/** A client that has taken nothing of what waits for it for so long is disconnected. */
const STALLED_MS = 30_000;
/** How long the end waits for clients to take what was sent, and again for them to hang up. */
const CLOSE_MS = 1000;
/** When a client may ask again for a stream of rows for which there was no room. */
const STREAMS_AGAIN_MS = 10_000;
const FOREIGN_HOST = 'host name rejected: open the URL that packetlog printed, or name it with --allow-origin';
const FOREIGN_ORIGIN = 'browser origin rejected: start with --allow-origin to permit it';
const KNOWN_EVENTS = new Set(['subscribe', 'pause', ...RULES_EVENTS]);

export interface SocketServerOptions {
  http: HttpServer;
  connections: Connections;
  allowed: () => Allowed;
  tokens: Tokens;
  /** Answers what is asked about rules. */
  desk: Desk;
  hello: () => Hello;
  /** Shape of the records that `rows` gets. */
  stride: number;
  recordOffset: number;
  /** Called when the number of rows that clients can use changed; each call is answered by one of `activate`. */
  onRowsWanted: (perSecond: number) => void;
  questions: Questions;
  /** Whether anybody is connected. */
  onWatched: (watched: boolean) => void;
  /** Whether anybody takes rows as they come; not at first. */
  onHurried: (hurried: boolean) => void;
  log: Logger;
  /** For tests. */
  clock?: StreamClock;
}

const realClock: StreamClock = {
  now: () => performance.now(),
  after: (ms, action) => {
    setTimeout(action, ms);
  },
};

export class SocketServer {
  readonly #options: SocketServerOptions;
  readonly #io: Server<ClientToServerEvents, ServerToClientEvents>;
  readonly #streams: RowStreams;
  readonly #clients = new Map<string, Client>();
  readonly #rules: RulesFeed;
  readonly #lines: LineLimit;
  readonly #budgets: Budgets;
  readonly #guesses: TokenGuesses;
  /** What to do when the drain thread passes on what was wanted then, oldest first. */
  readonly #waiting: { want: number; client: Client; act: () => void }[] = [];
  /** Calls of `onRowsWanted` and their answers. */
  #wants = 0;
  #answers = 0;
  #lastSecond = 0;

  constructor(options: SocketServerOptions) {
    this.#options = options;
    const { stride, recordOffset, clock = realClock } = options;
    this.#streams = new RowStreams({ stride, recordOffset }, clock, options.onHurried);
    this.#lines = new LineLimit(options.log);
    this.#budgets = new Budgets(clock.now);
    this.#guesses = new TokenGuesses(clock.now);
    this.#rules = new RulesFeed(options.desk, clock, () => this.#clients.values());
    this.#io = new Server(options.http, {
      transports: ['websocket'],
      parser: answerParser,
      perMessageDeflate: false,
      httpCompression: false,
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      serveClient: false,
      // Not before that of the connection (connections.ts).
      connectTimeout: 15_000,
      pingInterval: 10_000,
      // Not before STALLED_MS: the ping waits behind the rows.
      pingTimeout: STALLED_MS,
      allowRequest: (request, answer) => {
        const { host, origin } = request.headers;
        const refused = refusal(options.allowed(), host, origin);
        if (refused === 'Host') this.#lines.warn({ host: host ?? '' }, FOREIGN_HOST);
        if (refused === 'Origin') this.#lines.warn({ origin: origin ?? '' }, FOREIGN_ORIGIN);
        answer(refused ? `${refused} not allowed` : null, refused === undefined);
      },
    });
    boundPongs(this.#io.engine);
    allowOneConnect(this.#io.engine);
    this.#io.use((socket, next) => {
      const problem = this.#problemOf(socket);
      if (problem) options.connections.dismissed(socket.request.socket);
      next(problem && Object.assign(new Error(problem.message), { data: problem }));
    });
    this.#io.on('connection', (socket) => this.#admit(socket));
  }

  /** `bytes` begins with `count` records; both are only read during the call. */
  rows(bytes: Uint8Array, count: number, skipped: number): void {
    this.#streams.add(bytes, count, skipped);
  }

  /** Answers `onRowsWanted`: what passes from now on is what was wanted then. */
  activate(): void {
    this.#answers++;
    for (let next = this.#waiting[0]; next && next.want <= this.#answers; next = this.#waiting[0]) {
      const { client, act } = next;
      this.#waiting.shift();
      if (!this.#clients.has(client.socket.id)) continue;
      try {
        act();
      } catch (error) {
        client.messages.failed(error);
      }
    }
  }

  setClockOffset(ns: bigint): void {
    this.#streams.setClockOffset(ns);
  }

  second(ledger: DrainLedger, summary: Summary, clockOffsetNs: bigint): void {
    this.#streams.setClockOffset(clockOffsetNs);
    this.#streams.setInterfaces(ledger.interfaces);
    const summaryMessage = eventMessage('summary', JSON.stringify(summary));
    const common = JSON.stringify(ledger).slice(0, -1);
    const now = this.#streams.context.clock.now();
    // If this process itself stood still, no client is to blame.
    const mayBlame = now - this.#lastSecond < BACKLOG_MS;
    this.#lastSecond = now;
    for (const client of this.#clients.values()) {
      if (mayBlame && client.outbox.stalledMs() > STALLED_MS) client.messages.giveUp();
      // For a client that does not read, the next one will do.
      if (client.outbox.isFull(BACKLOG_BYTES / 2)) continue;
      const own = JSON.stringify(client.stream.ledger());
      client.outbox.send(together(summaryMessage, eventMessage('ledger', `${common},"client":${own}}`)));
    }
    this.#rules.tell();
  }

  /** The rules are others than before. */
  rulesChanged(): void {
    this.#rules.changed();
  }

  ruleCounters(counters: RuleCounters): void {
    this.#rules.counted(counters);
  }

  /** Where those are that may change rules. */
  operators(): string[] {
    const admins = [...this.#clients.values()].filter((client) => client.isAdmin);
    return admins.map(({ socket }) => socket.handshake.address);
  }

  notice(notice: Notice): void {
    const message = eventMessage('notice', JSON.stringify(notice));
    for (const { outbox } of this.#clients.values()) outbox.send(message);
  }

  /** Sends what waits, then closes every connection; those that do not take it are given up. */
  async close(): Promise<void> {
    this.#streams.flush();
    const sent = [...this.#clients.values()].map(({ outbox, socket: { conn } }) => {
      outbox.flush();
      const closed = new Promise<void>((resolve) => conn.once('close', () => resolve()));
      conn.close();
      return closed;
    });
    await atMost(CLOSE_MS, Promise.all(sent));
    for (const client of this.#clients.values()) client.terminate();
    const closed = this.#io.close();
    // Browsers open connections in advance, without a request on them: nothing else would end those.
    this.#options.http.closeAllConnections();
    await atMost(CLOSE_MS, closed);
    this.#lines.flush();
  }

  #problemOf({ handshake }: ClientSocket): Refusal | undefined {
    const peer = peerOf(handshake.address);
    const admins = [...this.#clients.values()].filter((client) => client.isAdmin).length;
    const connected = { readers: this.#clients.size - admins, admins };
    const problem = admission(handshake.auth, this.#options.tokens, connected);
    if (problem?.code !== 'unauthorized') return problem;
    // A right token is taken whatever came before it: wrong ones from the same address must not keep its owner out.
    const seconds = this.#guesses.waitSeconds(peer);
    this.#guesses.wrong(peer);
    this.#lines.warn({ address: handshake.address }, seconds > 0 ? 'too many wrong tokens' : 'wrong token');
    return seconds > 0 ? waitForTokens(seconds) : problem;
  }

  #admit(socket: ClientSocket): void {
    const { log, tokens, questions, connections } = this.#options;
    const mayChange = isAdmin(socket.handshake.auth, tokens);
    const budget = this.#budgets.of(peerOf(socket.handshake.address), mayChange);
    const client = new Client(socket, this.#streams, mayChange, budget, log);
    const { messages } = client;
    this.#clients.set(socket.id, client);
    connections.admitted(socket.request.socket);
    if (this.#clients.size === 1) this.#options.onWatched(true);
    this.#options.log.debug({ client: socket.id, clients: this.#clients.size }, 'client connected');
    socket.on('disconnect', (reason) => {
      this.#clients.delete(socket.id);
      connections.dismissed(socket.request.socket);
      this.#rules.left(client);
      client.end();
      this.#options.log.debug({ client: socket.id, reason }, 'client disconnected');
      this.#wantRows();
      if (this.#clients.size === 0) this.#options.onWatched(false);
    });
    socket.on('subscribe', (...given: unknown[]) => {
      const text = (given[0] as { filter?: unknown } | null | undefined)?.filter;
      messages.answer(
        () => subscribeCost(text),
        subscribeSchema,
        given,
        ({ filter, ...limits }, done, failed) => {
          const rowsPerSecond = limits.max_rows_per_second;
          const batchMs = 1000 / limits.max_batches_per_second;
          const subscription = { rowsPerSecond, batchMs, filter: filterOf(filter) };
          const problem = streamRefusal(client, subscription, this.#clients.values());
          if (problem !== undefined) {
            failed(new Unavailable(problem, STREAMS_AGAIN_MS));
            return;
          }
          client.asked = subscription;
          this.#wantRows(client, () => {
            client.subscribe(subscription);
            done({ max_rows_per_second: rowsPerSecond });
          });
        },
      );
    });
    socket.on('pause', (...given: unknown[]) =>
      messages.answer(
        () => PAUSE,
        pauseSchema,
        given,
        ({ paused }, done) => {
          client.askedToPause = paused;
          // Nothing more is sent from here on; but rows come again only when the drain thread passes them on.
          if (paused) client.pause(true);
          this.#wantRows(client, () => {
            client.pause(client.askedToPause);
            done({ paused });
          });
        },
      ),
    );
    for (const [event, { cost, schema, answer }] of questions) {
      socket.on(event as keyof ClientToServerEvents, (...given: unknown[]) =>
        messages.answer(
          () => cost(given[0]),
          schema,
          given,
          (input, done, failed) => {
            Promise.resolve(input).then(answer).then(done, failed);
          },
        ),
      );
    }
    // The parser also lets numbers and nothing at all through as names of events.
    socket.onAny((event: unknown) => {
      const name = String(event);
      if (!KNOWN_EVENTS.has(name) && !questions.has(name)) messages.unknown(name);
    });
    const hello = this.#options.hello();
    this.#streams.setInterfaces(hello.interfaces);
    socket.emit('hello', { ...hello, admin: client.isAdmin });
    this.#rules.admit(client, messages);
  }

  /** Has `act` called when what is wanted now is what passes, if the client is still there then. */
  #wantRows(client?: Client, act = () => {}): void {
    let most = 0;
    for (const { rowsWanted } of this.#clients.values()) most = Math.max(most, rowsWanted);
    const want = ++this.#wants;
    if (client) this.#waiting.push({ want, client, act });
    this.#options.onRowsWanted(most);
  }
}

/** Undefined if it lets everything through: rows are then neither all fetched nor looked at. */
function filterOf(text: string | undefined): Filter | undefined {
  const filter = text === undefined ? EVERYTHING : simplified(parseFilter(text));
  return filter.kind === 'all' ? undefined : filter;
}

async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, over]);
  clearTimeout(timer);
}
