/** Serves the dashboard and the socket on one port. */
import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Bans, Decision, Findings, Hello, Notice, RuleCounters, Summary } from '@packetlog/common';
import type { AskedEvent } from '@packetlog/common/fleet';
import type { Places } from '../enrichment/places.ts';
import { ReverseNames } from '../enrichment/reverse-names.ts';
import { History } from '../history/history.ts';
import { HistoryFeed } from '../history/history-feed.ts';
import type { DrainLedger } from '../ipc/messages.ts';
import type { RuleHits } from '../ipc/rule-counts.ts';
import type { ServerSettings } from '../ipc/server-messages.ts';
import type { TlsPem } from '../ipc/tls-pem.ts';
import { hasDigest, type TokenDigests } from '../ipc/token-digest.ts';
import type { LineLimit } from '../line-limit.ts';
import type { Granted } from './access/admission.ts';
import { Connections } from './access/connections.ts';
import type { EncodedAnswer } from './answer-encoding.ts';
import { AskedEvents, rejected } from './asked-events.ts';
import type { Core } from './core.ts';
import { type Allowed, allowedFor } from './http/allowed-hosts.ts';
import { Certificate } from './http/certificate.ts';
import { guardHandlers } from './http/guard-handlers.ts';
import { replaceTls } from './http/tls-server.ts';
import { listen, webServer } from './http/web-server.ts';
import { lookups } from './lookups.ts';
import { openMetrics } from './metrics/open-metrics.ts';
import type { ServedMetrics } from './metrics/served-metrics.ts';
import { SocketServer, type SocketServerOptions } from './socket-server.ts';

/**
 * Loopback only: the browser resolves both families, and a name that resolves elsewhere must not widen the exposure.
 */
const LOCALHOST = '127.0.0.1';
const FAILED = 'a request failed';
const NOT_STARTED = rejected('unavailable', 'The loader is starting. Ask again.');
const INTERNAL = rejected('internal', 'The loader failed to handle this; see its log.');

export interface ServerParts {
  readonly core: Core;
  /** Undefined: no GeoIP file was given. */
  readonly places: Places | undefined;
  /** Passes on rows that have arrived, to `rows`, before the event loop comes to them. Returns whether there were any. */
  readonly pollRows: () => boolean;
  readonly log: { debug(facts: object, message: string): void };
  /** Limits log lines that clients can cause. */
  readonly lines: LineLimit;
}

/** Layout of the records passed to `rows`. */
export interface RecordShape {
  readonly stride: number;
  readonly recordOffset: number;
}

/** What is allowed now: it changes with the certificate. */
interface CurrentlyAllowed {
  value: Allowed;
}

export class Server {
  readonly port: number;
  readonly #http: HttpServer;
  readonly #connections: Connections;
  readonly #settings: ServerSettings;
  readonly #parts: ServerParts;
  readonly #allowed: CurrentlyAllowed;
  readonly #current: { tokens: TokenDigests };
  readonly #metrics: ServedMetrics | undefined;
  #tls: TlsPem | undefined;
  readonly #history = new History();
  readonly #feed = new HistoryFeed(this.#history);
  #interfaces: Hello['interfaces'] = [];
  #sockets: SocketServer | undefined;
  #asked: AskedEvents | undefined;
  #granted: Granted = () => undefined;

  private constructor(
    http: HttpServer,
    connections: Connections,
    settings: ServerSettings,
    parts: ServerParts,
    allowed: CurrentlyAllowed,
    current: { tokens: TokenDigests },
    port: number,
    metrics: ServedMetrics | undefined,
  ) {
    this.#http = http;
    this.#connections = connections;
    this.#settings = settings;
    this.#parts = parts;
    this.#allowed = allowed;
    this.#current = current;
    this.port = port;
    this.#metrics = metrics;
    this.#tls = settings.tls;
  }

  /** Opens the port; sockets are accepted once `start` was called. Throws SetupError. */
  static async open(settings: ServerSettings, parts: ServerParts): Promise<Server> {
    const { host, port: requestedPort } = settings.listen;
    const allowed: CurrentlyAllowed = { value: { hosts: new Set(), origins: new Set() } };
    const { core, lines } = parts;
    const { pages, allowNode, allowOrigin, tls } = settings;
    const current = { tokens: settings.tokens };
    const connections = new Connections(lines);
    const isToken = (given: string) => hasDigest(given, current.tokens.readOnly);
    const metrics = await openMetrics(settings.metrics, { isToken, connections, lines, tls });
    const isHealthy = () => core.isHealthy();
    const http = webServer(pages, () => allowed.value, allowNode, isHealthy, metrics?.onServedPort, tls);
    connections.watch(http);
    guardHandlers(http, connections, (error) => lines.failed(error, FAILED));
    const port = await listen(http, host === 'localhost' ? LOCALHOST : host, requestedPort);
    allowed.value = allowedBy(connections, allowedFor(host, port, allowOrigin, tls && new Certificate(tls)));
    return new Server(http, connections, settings, parts, allowed, current, port, metrics);
  }

  /** Admits clients from now on. */
  start(hello: Hello, { stride, recordOffset }: RecordShape): void {
    const { core, lines, log, places, pollRows } = this.#parts;
    const { processes, reverseDns } = this.#settings;
    this.#interfaces = hello.interfaces;
    const answers = lookups({
      history: this.#history,
      past: core.past,
      rules: core.rules,
      listeners: processes ? () => core.listeners() : undefined,
      reverseNames: reverseDns ? new ReverseNames() : undefined,
      places,
      lines,
    });
    this.#asked = new AskedEvents(answers, core.rules);
    this.#sockets = new SocketServer({
      http: this.#http,
      connections: this.#connections,
      allowed: () => this.#allowed.value,
      tokens: this.#current.tokens,
      granted: (token) => this.#granted(token),
      core: this.#coreForClients(),
      hello: () => ({ ...hello, interfaces: this.#interfaces }),
      stride,
      recordOffset,
      pollRows,
      lookups: answers,
      lines,
      log,
    });
    guardHandlers(this.#http, this.#connections, (error) => lines.failed(error, FAILED));
    this.#startMetrics(this.#sockets, hello);
    if (this.#needsReports) core.setHasClients(true);
  }

  /** Uses another certificate for new connections. Has no effect on a server that was opened without TLS. */
  setTls(tls: TlsPem): void {
    if (this.#tls === undefined) return;
    this.#tls = tls;
    const { listen: address, allowOrigin } = this.#settings;
    const allowed = allowedFor(address.host, this.port, allowOrigin, new Certificate(tls));
    this.#allowed.value = allowedBy(this.#connections, allowed);
    replaceTls(this.#http, tls);
    this.#metrics?.setTls(tls);
  }

  /** Accepts only these tokens from now on. */
  setTokens(tokens: TokenDigests): void {
    this.#current.tokens = tokens;
    this.#sockets?.setTokens(tokens);
  }

  /** Where the metrics are served; undefined: nowhere. `url` undefined: on the port of the dashboard. */
  get servedMetrics(): { readonly url: string | undefined; readonly isExposed: boolean } | undefined {
    return this.#metrics;
  }

  /** Serves a connection that this process has dialed: on it a hub is the client, for one person. */
  relay(socket: Socket): void {
    this.#connections.relayed(socket);
    // The events on which the handler of HTTP connections listens (lib/_http_server.js, lib/https.js).
    this.#http.emit(this.#tls === undefined ? 'connection' : 'secureConnection', socket);
  }

  /** Answers a request of a hub with what a read-only client would get. Never rejects. */
  async ask(event: AskedEvent, request: unknown): Promise<EncodedAnswer> {
    try {
      return await (this.#asked?.answer(event, request) ?? NOT_STARTED);
    } catch (error) {
      this.#parts.lines.failed(error, FAILED);
      return INTERNAL;
    }
  }

  /** Who may use this loader through its hubs. */
  setGrants(granted: Granted): void {
    this.#granted = granted;
  }

  rows(bytes: Uint8Array, count: number, skipped: number): void {
    this.#sockets?.rows(bytes, count, skipped);
  }

  /** The oldest unanswered request for rows takes effect; `skipped` rows passed before, which no client wanted. */
  rowsWanted(skipped: number): void {
    this.#sockets?.rows(new Uint8Array(0), 0, skipped);
    this.#sockets?.activate();
  }

  rulesChanged(): void {
    this.#sockets?.rulesChanged();
  }

  /** Updates the totals for clients, and the history with the hits since the last call. */
  ruleCounters(counters: RuleCounters, hits: readonly RuleHits[]): void {
    this.#feed.decided(hits);
    this.#sockets?.ruleCounters(counters);
  }

  setClockOffset(ns: bigint): void {
    this.#sockets?.setClockOffset(ns);
  }

  second(ledger: DrainLedger, summary: Summary, clockOffsetNs: bigint): void {
    this.#interfaces = ledger.interfaces;
    this.#feed.second(ledger, summary);
    this.#metrics?.metrics.second(ledger);
    this.#sockets?.second(ledger, summary, clockOffsetNs);
  }

  /** Sent with the next second. */
  findings(findings: Findings): void {
    this.#metrics?.metrics.findings(findings);
    this.#sockets?.findings(findings);
  }

  bans(bans: Bans): void {
    this.#metrics?.metrics.bans(bans);
    this.#sockets?.bans(bans);
  }

  decision(decision: Decision): void {
    this.#sockets?.decision(decision);
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

  /** Metrics and hubs need the report of each second, as clients do. */
  get #needsReports(): boolean {
    return this.#metrics !== undefined || this.#settings.fleet !== undefined;
  }

  #coreForClients(): SocketServerOptions['core'] {
    const { core } = this.#parts;
    return {
      rules: core.rules,
      bans: core.bans,
      wantRows: (perSecond) => core.wantRows(perSecond),
      setHasClients: (hasClients) => core.setHasClients(hasClients || this.#needsReports),
      setLowLatency: (lowLatency) => core.setLowLatency(lowLatency),
      setClients: (clients, operators) => core.setClients(clients, operators),
    };
  }

  #startMetrics(sockets: SocketServer, { version, protocol, started_at_ms, transport }: Hello): void {
    if (this.#metrics === undefined) return;
    const { core } = this.#parts;
    this.#metrics.metrics.start({
      build: { version, protocol, transport },
      startedAtMs: started_at_ms,
      isHealthy: () => core.isHealthy(),
      clients: () => sockets.connected,
      connections: () => this.#connections.count,
      certificateExpiresMs: () => this.#tls && new Certificate(this.#tls).validUntilMs,
      clientRecords: () => sockets.records,
      rules: () => core.rules.snapshot(),
      limits: () => core.rules.limits({ count: 1 }),
    });
  }
}

function allowedBy(connections: Connections, allowed: Allowed): Allowed {
  return { ...allowed, isRelayed: (request) => connections.isRelayed(request) };
}
