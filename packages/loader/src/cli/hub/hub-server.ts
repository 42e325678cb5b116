/** The web server in front of the hub: the same as that of a loader, with its limits. */
import { createServer, type Server as HttpServer } from 'node:http';
import { hostname } from 'node:os';
import { MAX_MESSAGE_BYTES } from '@packetlog/common';
import { MAX_GENERATION_BYTES, NODE_NAMESPACE, SHIP_PATH } from '@packetlog/common/fleet';
import { Hub, type HubState } from '@packetlog/hub';
import type { History } from '@packetlog/hub/history';
import type { Logger } from 'pino';
import type { TlsPem } from '../../ipc/tls-pem.ts';
import type { LineLimit } from '../../line-limit.ts';
import { Connections, ownLimits } from '../../server/access/connections.ts';
import { peerOf } from '../../server/access/peer-address.ts';
import { TokenGuesses } from '../../server/access/token-guesses.ts';
import { type Allowed, allowedFor } from '../../server/http/allowed-hosts.ts';
import { Certificate } from '../../server/http/certificate.ts';
import { guardHandlers } from '../../server/http/guard-handlers.ts';
import { servedUrl } from '../../server/http/served-url.ts';
import { replaceTls } from '../../server/http/tls-server.ts';
import { listen, webServer } from '../../server/http/web-server.ts';
import { METRICS_PATH } from '../../server/metrics/metrics-path.ts';
import { type MetricsPlace, ServedMetrics } from '../../server/metrics/served-metrics.ts';
import { hardenedIo } from '../../server/socket-io.ts';
import { version } from '../process/package-version.ts';
import { readPageFiles } from '../run/page-files.ts';
import { openTls } from '../run/tls.ts';
import { uiDirectory } from '../run/ui-directory.ts';
import type { HubOptions } from './hub-command-options.ts';
import { HubMetrics } from './hub-metrics.ts';

/** Connections of nodes, people and relays. */
const MAX_CONNECTIONS = 16_384;
/** Rules with lists come in one message, as base64url. Before the token, a connection may send 16 KiB. */
const MAX_NODE_BYTES = Math.ceil((MAX_GENERATION_BYTES * 4) / 3);
const FAILED = 'a request failed';
const BLOCK_MS = 60_000;
const LOCALHOST = '127.0.0.1';

export class HubServer {
  readonly hub: Hub;
  readonly #http: HttpServer;
  readonly #allowed: { value: Allowed };
  readonly #options: HubOptions;
  #tls: TlsPem | undefined;
  #metrics: ServedMetrics<HubMetrics> | undefined;
  #port = 0;

  private constructor(
    hub: Hub,
    http: HttpServer,
    allowed: { value: Allowed },
    options: HubOptions,
    tls: TlsPem | undefined,
  ) {
    this.hub = hub;
    this.#http = http;
    this.#allowed = allowed;
    this.#options = options;
    this.#tls = tls;
  }

  /** Throws SetupError. */
  static async open(
    options: HubOptions,
    state: HubState,
    history: History | undefined,
    log: Logger,
    lines: LineLimit,
  ): Promise<HubServer> {
    const { host, port: requestedPort } = options.listen;
    const tls = openTls(options, log);
    const directory = uiDirectory(options.ui);
    const pages = directory === undefined ? undefined : readPageFiles(directory);
    const allowed: { value: Allowed } = { value: { hosts: new Set(), origins: new Set() } };
    const connections = new Connections(lines, ownLimits(MAX_CONNECTIONS));
    const guesses = new TokenGuesses(() => performance.now());
    let metrics: ServedMetrics<HubMetrics> | undefined;
    const http = webServer(
      pages,
      () => allowed.value,
      [],
      async () => true,
      (request, response) => {
        const isBlock = request.method === 'POST' && request.url === SHIP_PATH;
        if (isBlock) void hub.ship(request, response);
        return isBlock || (metrics?.onServedPort(request, response) ?? false);
      },
      tls,
    );
    // Nodes may send blocks slowly; others than nodes have less time and few bytes.
    http.requestTimeout = BLOCK_MS;
    connections.watch(http);
    const io = hardenedIo(http, () => allowed.value, lines, { maxHttpBufferSize: MAX_NODE_BYTES }, [NODE_NAMESPACE]);
    // For people who use single nodes; it gets its connections from the hub, and does not listen.
    const inner = createServer();
    const relayIo = hardenedIo(inner, () => allowed.value, lines, { maxHttpBufferSize: MAX_MESSAGE_BYTES });
    const hub: Hub = await Hub.open({
      http,
      io,
      relays: { io: relayIo, http: inner },
      state,
      access: connections,
      lines,
      log,
      history,
      wrongToken: (address) => {
        const seconds = guesses.waitSeconds(peerOf(address));
        guesses.wrong(peerOf(address));
        return seconds;
      },
      version: version(),
      hostName: hostname(),
    });
    const server = new HubServer(hub, http, allowed, options, tls);
    if (options.metrics !== 'off') {
      metrics = await server.#openMetrics(options.metrics, connections, lines);
      server.#metrics = metrics;
    }
    http.on('upgrade', (request, socket, head) => void hub.upgrade(request, socket, head));
    guardHandlers(http, connections, (error) => lines.failed(error, FAILED));
    server.#port = await listen(http, host === 'localhost' ? LOCALHOST : host, requestedPort);
    server.#allow();
    return server;
  }

  get url(): string {
    return servedUrl(this.#options.listen.host, this.#port, this.#tls);
  }

  /** Where the metrics are served; undefined: nowhere. */
  get metricsUrl(): string | undefined {
    return this.#metrics && (this.#metrics.url ?? `${this.url}${METRICS_PATH}`);
  }

  /** SHA-256 of the certificate, 64 hex digits; undefined without TLS. */
  get fingerprint(): string | undefined {
    return this.#tls && new Certificate(this.#tls).fingerprint;
  }

  /** Uses another certificate for new connections. */
  setTls(tls: TlsPem): void {
    this.#tls = tls;
    this.#allow();
    replaceTls(this.#http, tls);
    this.#metrics?.setTls(tls);
  }

  async close(): Promise<void> {
    await this.hub.close();
    this.#http.closeAllConnections();
    await this.#metrics?.close();
  }

  /** Any person may read the metrics. */
  #openMetrics(place: MetricsPlace, connections: Connections, lines: LineLimit): Promise<ServedMetrics<HubMetrics>> {
    const { hub } = this;
    const metrics = new HubMetrics({
      version: version(),
      startedAtMs: Date.now(),
      fleet: () => hub.fleet(),
      people: () => hub.people.connections,
      connections: () => connections.count,
      rejected: () => hub.rejectedNodes,
      certificateExpiresMs: () => this.#tls && new Certificate(this.#tls).validUntilMs,
    });
    const isToken = (given: string) => hub.identity.people.byToken(given) !== undefined;
    return ServedMetrics.open({ metrics, place, isToken, connections, lines, tls: this.#tls });
  }

  #allow(): void {
    const { listen: address, allowOrigin } = this.#options;
    this.#allowed.value = allowedFor(address.host, this.#port, allowOrigin, this.#tls && new Certificate(this.#tls));
  }
}
