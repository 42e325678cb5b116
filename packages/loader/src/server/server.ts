/** Serves the dashboard and the socket on one port. */
import type { Server as HttpServer } from 'node:http';
import type { Hello, Notice, RuleCounters, Summary } from '@packetlog/common';
import type { Logger } from 'pino';
import { Listeners } from '../enrichment/listeners.ts';
import type { Places } from '../enrichment/places.ts';
import { ReverseNames } from '../enrichment/reverse-names.ts';
import { History } from '../history/history.ts';
import { HistoryFeed } from '../history/history-feed.ts';
import { type ClockPolicy, clockOf } from '../ipc/clock-policy.ts';
import type { ControlSession } from '../ipc/control-session.ts';
import type { DrainLedger } from '../ipc/messages.ts';
import type { ReaderControl } from '../ipc/reader-control.ts';
import type { RowDemand } from '../ipc/row-demand.ts';
import type { RuleHits } from '../ipc/rule-counts.ts';
import type { RulesAccess } from '../ipc/rules-access.ts';
import type { TlsPem } from '../ipc/tls-pem.ts';
import type { Tokens } from './access/admission.ts';
import { Connections } from './access/connections.ts';
import type { LineLimit } from './access/line-limit.ts';
import { sameToken, tokensOf } from './access/token.ts';
import { type Allowed, allowedFor, isLoopback } from './http/allowed-hosts.ts';
import { Certificate } from './http/certificate.ts';
import { guardHandlers } from './http/guard-handlers.ts';
import { localUrl, servedUrl } from './http/served-url.ts';
import { replaceTls } from './http/tls-server.ts';
import { listen, webServer } from './http/web-server.ts';
import { lookups } from './lookups.ts';
import { METRICS_PATH } from './metrics/metrics-path.ts';
import { openMetrics } from './metrics/open-metrics.ts';
import type { MetricsPlace, ServedMetrics } from './metrics/served-metrics.ts';
import { SocketServer } from './socket-server.ts';

/**
 * Loopback only: the browser resolves both families, and a name that resolves elsewhere must not widen the exposure.
 */
const LOCALHOST = '127.0.0.1';
/** Pass on more rows than a client's limit, so that the client's own limit decides. */
const HEADROOM = 1.25;
const FAILED = 'a request failed';

/** The constant part of `hello`. */
export type Session = Omit<Hello, 'interfaces' | 'transport' | 'clock'>;

export interface ServerOptions {
  listen: { host: string; port: number };
  ui: string | undefined;
  allowOrigin: readonly string[];
  /** Origins of other loaders that the dashboard may connect to. */
  allowNode: readonly string[];
  /** The read-only and the admin token. Undefined: a new one. */
  token: string | undefined;
  adminToken: string | undefined;
  session: Session;
  clock: ClockPolicy;
  /** Whether local processes share the network namespace of the watched interfaces. */
  processes: boolean;
  reverseDns: boolean;
  /** Undefined: no GeoIP file was given. */
  places: Places | undefined;
  log: Logger;
  /** Limits log lines that clients can cause. */
  lines: LineLimit;
  /** Answers `GET /healthz`; also called before `start`. */
  isHealthy: () => boolean;
  /** Where metrics are served; undefined: nowhere. */
  metrics?: MetricsPlace | undefined;
  /** Undefined: plain HTTP. */
  tls?: TlsPem | undefined;
}

/** What is allowed now: it changes with the certificate. */
interface CurrentlyAllowed {
  value: Allowed;
}

export class Server {
  readonly port: number;
  /** Whether the server serves the dashboard too, not only the socket. */
  readonly hasPages: boolean;
  /** Whether other machines can reach the server over plain HTTP. */
  readonly isExposed: boolean;
  readonly #http: HttpServer;
  readonly #connections: Connections;
  readonly #options: ServerOptions;
  readonly tokens: Tokens;
  readonly #metrics: ServedMetrics | undefined;
  readonly #allowed: CurrentlyAllowed;
  #tls: TlsPem | undefined;
  readonly #history = new History();
  readonly #feed = new HistoryFeed(this.#history);
  #sockets: SocketServer | undefined;

  private constructor(
    http: HttpServer,
    connections: Connections,
    options: ServerOptions,
    tokens: Tokens,
    allowed: CurrentlyAllowed,
    port: number,
    metrics: ServedMetrics | undefined,
  ) {
    this.#http = http;
    this.#connections = connections;
    this.#options = options;
    this.tokens = tokens;
    this.port = port;
    this.#allowed = allowed;
    this.#metrics = metrics;
    this.hasPages = options.ui !== undefined;
    this.#tls = options.tls;
    this.isExposed = !isLoopback(options.listen.host) && options.tls === undefined;
  }

  /** URL and tokens, for root on this machine. */
  get served(): NonNullable<ControlSession['served']> {
    const { host } = this.#options.listen;
    return {
      url: servedUrl(host, this.port, this.#tls),
      local_url: localUrl(host, this.port, this.#tls),
      ...(this.#tls === undefined ? {} : { certificate: this.#tls.cert }),
      token: this.tokens.readOnly,
      admin_token: this.tokens.admin,
      has_pages: this.hasPages,
    };
  }

  /** Opens the port; sockets are accepted once `start` was called. Throws SetupError. */
  static async open(options: ServerOptions): Promise<Server> {
    const tokens = tokensOf({ readOnly: options.token, admin: options.adminToken });
    const { host, port: requestedPort } = options.listen;
    const allowed: CurrentlyAllowed = { value: { hosts: new Set(), origins: new Set() } };
    const { lines, tls } = options;
    const connections = new Connections(lines);
    const metrics = await openMetrics(options.metrics, {
      isToken: (given) => sameToken(given, tokens.readOnly),
      connections,
      lines,
      tls,
    });
    const answersFirst = metrics?.onServedPort;
    const http = webServer(options.ui, () => allowed.value, options.allowNode, options.isHealthy, answersFirst, tls);
    connections.watch(http);
    guardHandlers(http, connections, (error) => lines.failed(error, FAILED));
    const port = await listen(http, host === 'localhost' ? LOCALHOST : host, requestedPort);
    allowed.value = allowedFor(host, port, options.allowOrigin, tls && new Certificate(tls));
    return new Server(http, connections, options, tokens, allowed, port, metrics);
  }

  /** Admits clients from now on. */
  start(thread: ReaderControl, demand: RowDemand, rulesApi: RulesAccess, interfaces: () => Hello['interfaces']): void {
    const { transport } = thread.ready;
    const clock = clockOf(this.#options.clock, transport);
    this.#sockets = new SocketServer({
      http: this.#http,
      connections: this.#connections,
      allowed: () => this.#allowed.value,
      tokens: this.tokens,
      rulesApi,
      hello: () => ({ ...this.#options.session, transport, clock, interfaces: interfaces() }),
      stride: thread.ready.stride,
      recordOffset: thread.ready.recordOffset,
      onRowsWanted: (perSecond) => demand.set('clients', perSecond * HEADROOM, () => this.#sockets?.activate()),
      lookups: lookups({
        history: this.#history,
        listeners: this.#options.processes ? new Listeners() : undefined,
        reverseNames: this.#options.reverseDns ? new ReverseNames() : undefined,
        places: this.#options.places,
        lines: this.#options.lines,
      }),
      // Metrics need the report of each second, as clients do.
      onHasClients: (hasClients) => thread.setHasClients(hasClients || this.#metrics !== undefined),
      onLowLatency: (lowLatency) => thread.setLowLatency(lowLatency),
      lines: this.#options.lines,
      log: this.#options.log,
    });
    guardHandlers(this.#http, this.#connections, (error) => this.#options.lines.failed(error, FAILED));
    this.#startMetrics(this.#sockets, rulesApi, transport);
    if (this.#metrics) thread.setHasClients(true);
  }

  /** Uses another certificate for new connections. Has no effect on a server that was opened without TLS. */
  setTls(tls: TlsPem): void {
    if (this.#tls === undefined) return;
    this.#tls = tls;
    const { listen: address, allowOrigin } = this.#options;
    this.#allowed.value = allowedFor(address.host, this.port, allowOrigin, new Certificate(tls));
    replaceTls(this.#http, tls);
    this.#metrics?.setTls(tls);
  }

  /** Where the metrics are served; undefined: nowhere. */
  get servedMetrics(): { readonly url: string; readonly isExposed: boolean } | undefined {
    if (this.#metrics === undefined) return undefined;
    const { url = `${this.served.url}${METRICS_PATH}`, isExposed } = this.#metrics;
    return { url, isExposed };
  }

  rows(bytes: Uint8Array, count: number, skipped: number): void {
    this.#sockets?.rows(bytes, count, skipped);
  }

  /** Counts rows that passed and that no client wanted. */
  skipped(count: number): void {
    this.#sockets?.rows(new Uint8Array(0), 0, count);
  }

  rulesChanged(): void {
    this.#sockets?.rulesChanged();
  }

  /** Updates the totals for clients, and the history with the hits since the last call. */
  ruleCounters(counters: RuleCounters, hits: readonly RuleHits[]): void {
    this.#feed.decided(hits);
    this.#sockets?.ruleCounters(counters);
  }

  /** Number of connected clients. */
  get clients(): number {
    return this.#sockets?.clients ?? 0;
  }

  /** Returns the addresses of the clients that may change rules. */
  operators(): string[] {
    return this.#sockets?.operators() ?? [];
  }

  setClockOffset(ns: bigint): void {
    this.#sockets?.setClockOffset(ns);
  }

  second(ledger: DrainLedger, summary: Summary, clockOffsetNs: bigint): void {
    this.#feed.second(ledger, summary);
    this.#metrics?.metrics.second(ledger);
    this.#sockets?.second(ledger, summary, clockOffsetNs);
  }

  notice(notice: Notice): void {
    this.#metrics?.metrics.notice(notice);
    this.#sockets?.notice(notice);
  }

  async close(): Promise<void> {
    await this.#sockets?.close();
    this.#http.closeAllConnections();
    if (this.#http.listening) await new Promise((resolve) => this.#http.close(resolve));
    await this.#metrics?.close();
  }

  #startMetrics(sockets: SocketServer, rulesApi: RulesAccess, transport: Hello['transport']): void {
    const { version, protocol, started_at_ms } = this.#options.session;
    this.#metrics?.metrics.start({
      build: { version, protocol, transport },
      startedAtMs: started_at_ms,
      isHealthy: this.#options.isHealthy,
      clients: () => sockets.connected,
      connections: () => this.#connections.count,
      certificateExpiresMs: () => this.#tls && new Certificate(this.#tls).validUntilMs,
      clientRecords: () => sockets.records,
      rules: () => rulesApi.snapshot(),
    });
  }
}
