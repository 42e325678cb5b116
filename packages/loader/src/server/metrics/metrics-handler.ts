/** Answers `GET /metrics`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LineLimit } from '../../line-limit.ts';
import { securityHeaders } from '../http/security-headers.ts';

/** The metrics of a loader or of a hub. */
export interface MetricsText {
  readonly contentType: string;
  /** Undefined: not yet. */
  text(): Promise<string> | undefined;
}

export interface MetricsAccess {
  readonly metrics: MetricsText;
  /** Checks the bearer token of a request; undefined: requests need none. */
  readonly isToken: ((given: string) => boolean) | undefined;
  readonly lines: Pick<LineLimit, 'warn' | 'failed'>;
}

/**
 * Answers a request. With a token, Host and Origin need no check: a foreign page does not know the token, and a scrape
 * may name this machine in any way.
 */
export function answerMetrics(access: MetricsAccess, request: IncomingMessage, response: ServerResponse): void {
  const { metrics, isToken, lines } = access;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    answer(response, 405, 'Only GET and HEAD.\n', { Allow: 'GET, HEAD' });
    return;
  }
  if (isToken !== undefined && !isToken(bearerToken(request.headers.authorization))) {
    lines.warn({ address: request.socket.remoteAddress ?? '' }, 'metrics requested with a wrong token or none');
    const text =
      'The metrics need the read-only token: Authorization: Bearer TOKEN. packetlog url, run as root, prints it.\n';
    answer(response, 401, text, { 'WWW-Authenticate': 'Bearer realm="packetlog"' });
    return;
  }
  const text = metrics.text();
  if (text === undefined) {
    answer(response, 503, 'The loader is starting. Try again.\n', { 'Retry-After': '1' });
    return;
  }
  text.then(
    (body) => answer(response, 200, body, { 'Content-Type': metrics.contentType }),
    (error: unknown) => {
      lines.failed(error, 'the metrics could not be made');
      answer(response, 500, 'The loader failed to answer this; see its log.\n');
    },
  );
}

/** RFC 6750 section 2.1; the scheme has no case. Returns an empty text if there is no token. */
function bearerToken(header = ''): string {
  return /^bearer +([^ ]+) *$/i.exec(header)?.[1] ?? '';
}

function answer(
  response: ServerResponse,
  status: number,
  text: string,
  more: Readonly<Record<string, string>> = {},
): void {
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(text)),
    'Cache-Control': 'no-store',
  };
  response.writeHead(status, { ...securityHeaders(), ...headers, ...more });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}
