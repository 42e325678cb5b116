/** Serves the metrics: on the port of the dashboard, or at a separate address. */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { TlsPem } from '../../ipc/tls-pem.ts';
import type { LineLimit } from '../../line-limit.ts';
import type { Connections } from '../access/connections.ts';
import { type Allowed, allowedFor, foreignHeader, isLoopback } from '../http/allowed-hosts.ts';
import { guardHandlers } from '../http/guard-handlers.ts';
import { servedUrl } from '../http/served-url.ts';
import { makeServer, replaceTls } from '../http/tls-server.ts';
import { limitTimes, listen, plain } from '../http/web-server.ts';
import type { Metrics } from './metrics.ts';
import { answerMetrics, type MetricsAccess, type MetricsText } from './metrics-handler.ts';
import { isMetricsPath, METRICS_PATH } from './metrics-path.ts';

/** `same`: the port of the dashboard, where the read-only token is required. */
export type MetricsPlace = 'same' | { readonly host: string; readonly port: number };

export interface ServedMetricsOptions<Own extends MetricsText = Metrics> {
  readonly metrics: Own;
  readonly place: MetricsPlace;
  /** Returns whether this is the read-only token. */
  readonly isToken: (given: string) => boolean;
  readonly connections: Connections;
  readonly lines: LineLimit;
  /** Used for a separate address that other machines reach; undefined: plain HTTP. */
  readonly tls: TlsPem | undefined;
}

export class ServedMetrics<Own extends MetricsText = Metrics> {
  readonly metrics: Own;
  /** URL of a separate address; undefined: they are on the port of the dashboard. */
  readonly url: string | undefined;
  /** Whether other machines can reach the separate address over plain HTTP. */
  readonly isExposed: boolean;
  readonly #access: MetricsAccess;
  readonly #http: HttpServer | undefined;

  private constructor(metrics: Own, access: MetricsAccess, http?: HttpServer, url?: string, isExposed = false) {
    this.metrics = metrics;
    this.url = url;
    this.isExposed = isExposed;
    this.#access = access;
    this.#http = http;
  }

  /** Opens the separate address, if there is one. Throws SetupError. */
  static async open<Own extends MetricsText>(options: ServedMetricsOptions<Own>): Promise<ServedMetrics<Own>> {
    const { metrics, place, isToken, connections, lines, tls } = options;
    if (place === 'same') return new ServedMetrics(metrics, { metrics, isToken, lines });
    const isOpen = isLoopback(place.host);
    const access = { metrics, isToken: isOpen ? undefined : isToken, lines };
    let allowed: Allowed | undefined;
    const ownTls = isOpen ? undefined : tls;
    const http = makeServer(ownTls, (request, response) =>
      answerAt(request, response, access, isOpen ? allowed : 'any'),
    );
    limitTimes(http);
    connections.watch(http);
    guardHandlers(http, connections, (error) => lines.failed(error, 'a request for metrics failed'));
    const port = await listen(http, place.host === 'localhost' ? '127.0.0.1' : place.host, place.port, '--metrics');
    allowed = allowedFor(place.host, port, []);
    const url = `${servedUrl(place.host, port, ownTls)}${METRICS_PATH}`;
    return new ServedMetrics(metrics, access, http, url, !isOpen && tls === undefined);
  }

  /** Answers a request on the port of the dashboard. Returns false if it is not for the metrics. */
  readonly onServedPort = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (this.#http !== undefined || !isMetricsPath(request.url)) return false;
    answerMetrics(this.#access, request, response);
    return true;
  };

  setTls(tls: TlsPem): void {
    if (this.#http) replaceTls(this.#http, tls);
  }

  async close(): Promise<void> {
    const http = this.#http;
    if (http === undefined) return;
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  }
}

/** Without a token, a foreign page must not reach the metrics: `allowed` lists the names of this address. */
function answerAt(
  request: IncomingMessage,
  response: ServerResponse,
  access: MetricsAccess,
  allowed: Allowed | 'any' | undefined,
): void {
  const { host, origin } = request.headers;
  const foreign = allowed === 'any' ? undefined : foreignHeader(allowed ?? NONE, host, origin);
  if (foreign) plain(response, 403, `${foreign} not allowed. Open the URL that packetlog printed.\n`);
  else if (!isMetricsPath(request.url)) plain(response, 404, `Not found. The metrics are at ${METRICS_PATH}.\n`);
  else answerMetrics(access, request, response);
}

const NONE: Allowed = { hosts: new Set(), origins: new Set() };
