/** What the network sees: web server and socket on one port. */
import type { Server as HttpServer } from 'node:http';
import type { Hello, Notice, Summary } from '@packetlog/common';
import type { Logger } from 'pino';
import type { DrainThread } from '../drain/drain-thread.ts';
import type { DrainLedger } from '../drain/messages.ts';
import { History } from '../history/history.ts';
import { HistoryFeed } from '../history/history-feed.ts';
import { Listeners } from '../names/listeners.ts';
import { ReverseNames } from '../names/reverse-names.ts';
import { SetupError } from '../setup-error.ts';
import { type Allowed, allowedFor, isLoopback, reachableHost } from './allowed-hosts.ts';
import { questions } from './questions.ts';
import { SocketServer } from './socket-server.ts';
import { newToken } from './token.ts';
import { listen, webServer } from './web-server.ts';

const MIN_TOKEN_CHARACTERS = 16;
/** Loopback, both families resolved by the browser; a name that resolves elsewhere must not widen it. */
const LOCALHOST = '127.0.0.1';
/** More than a client's limit crosses threads, so that its own limit decides. */
const HEADROOM = 1.25;

export interface FrontOptions {
  listen: { host: string; port: number };
  ui: string | undefined;
  allowOrigin: readonly string[];
  /** Undefined: a new one. */
  token: string | undefined;
  session: Omit<Hello, 'interfaces' | 'transport'>;
  /** Whether local processes are those of the watched interfaces. */
  processes: boolean;
  reverseDns: boolean;
  log: Logger;
}

export class Front {
  /** To open in a browser. Holds the token in its fragment, which no server ever sees. */
  readonly url: string;
  /** Not only this machine can reach it. */
  readonly isExposed: boolean;
  readonly #http: HttpServer;
  readonly #options: FrontOptions;
  readonly #token: string;
  readonly #allowed: Allowed;
  readonly #history = new History();
  readonly #feed = new HistoryFeed(this.#history);
  #sockets: SocketServer | undefined;

  private constructor(http: HttpServer, options: FrontOptions, token: string, allowed: Allowed, port: number) {
    const { host } = options.listen;
    this.#http = http;
    this.#options = options;
    this.#token = token;
    this.#allowed = allowed;
    this.isExposed = !isLoopback(host);
    this.url = `http://${reachableHost(host)}:${port}/#token=${token}`;
  }

  /** Listens; sockets are accepted from `start` on. Throws SetupError. */
  static async open(options: FrontOptions): Promise<Front> {
    const token = options.token ?? newToken();
    if (!/^[\w~.-]+$/.test(token) || token.length < MIN_TOKEN_CHARACTERS) {
      throw new SetupError({
        step: 'use',
        target: 'PACKETLOG_TOKEN',
        problem: `it must be at least ${MIN_TOKEN_CHARACTERS} letters, digits and . _ ~ -`,
        next: 'Make one with: openssl rand -hex 32.',
        exit: 'usage',
      });
    }
    const { host, port: asked } = options.listen;
    let allowed: Allowed = { hosts: new Set(), origins: new Set() };
    const http = webServer(options.ui, () => allowed);
    const port = await listen(http, host === 'localhost' ? LOCALHOST : host, asked);
    allowed = allowedFor(host, port, options.allowOrigin);
    return new Front(http, options, token, allowed, port);
  }

  /** `allRows`: the console wants every row anyway. */
  start(thread: DrainThread, allRows: boolean, interfaces: () => Hello['interfaces']): void {
    this.#sockets = new SocketServer({
      http: this.#http,
      allowed: () => this.#allowed,
      token: this.#token,
      hello: () => ({ ...this.#options.session, transport: thread.ready.transport, interfaces: interfaces() }),
      stride: thread.ready.stride,
      recordOffset: thread.ready.recordOffset,
      onRowsWanted: (perSecond) => {
        if (allRows) this.rowsWanted(0);
        else thread.want(perSecond * HEADROOM);
      },
      questions: questions({
        history: this.#history,
        listeners: this.#options.processes ? new Listeners() : undefined,
        reverseNames: this.#options.reverseDns ? new ReverseNames() : undefined,
      }),
      onWatched: (watched) => thread.watch(watched),
      log: this.#options.log,
    });
  }

  rows(bytes: Uint8Array, count: number, skipped: number): void {
    this.#sockets?.rows(bytes, count, skipped);
  }

  /** The drain thread passes on what was asked for, from here on; `skipped` more passed before. */
  rowsWanted(skipped: number): void {
    this.#sockets?.rows(new Uint8Array(0), 0, skipped);
    this.#sockets?.activate();
  }

  setClockOffset(ns: bigint): void {
    this.#sockets?.setClockOffset(ns);
  }

  second(ledger: DrainLedger, summary: Summary, clockOffsetNs: bigint): void {
    this.#feed.second(ledger, summary);
    this.#sockets?.second(ledger, summary, clockOffsetNs);
  }

  notice(notice: Notice): void {
    this.#sockets?.notice(notice);
  }

  async close(): Promise<void> {
    await this.#sockets?.close();
    this.#http.closeAllConnections();
    if (this.#http.listening) await new Promise((resolve) => this.#http.close(resolve));
  }
}
