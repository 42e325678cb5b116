/** Serves the dashboard's files and the socket's upgrade path on one port. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { SetupError } from '../../errors/setup-error.ts';
import type { PageFile } from '../../ipc/server-messages.ts';
import type { TlsPem } from '../../ipc/tls-pem.ts';
import { type Allowed, foreignHeaderOf } from './allowed-hosts.ts';
import { contentSecurityPolicy } from './content-security-policy.ts';
import { PageTable } from './page-table.ts';
import { securityHeaders } from './security-headers.ts';
import { makeServer } from './tls-server.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const REQUEST_MS = 10_000;
/** Idle time of a connection while an answer waits to be read. */
const IDLE_MS = 30_000;

/**
 * Creates the server. `pages` are the files of the built dashboard; undefined serves only the socket. `nodes` lists other
 * loaders that the dashboard may connect to. The handlers need a guard (see guard-handlers.ts). `isHealthy` decides on the
 * answer to `GET /healthz`, which needs no token and tells nothing else; if it rejects, the answer is no. `answersFirst` may
 * answer a request before any check, and then returns true. `tls` undefined: plain HTTP.
 */
export function webServer(
  pages: readonly PageFile[] | undefined,
  allowed: () => Allowed,
  nodes: readonly string[] = [],
  isHealthy: () => Promise<boolean> = async () => true,
  answersFirst: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
  tls?: TlsPem,
): Server {
  const files = pages === undefined ? noFiles : dashboardFiles(pages, nodes);
  const server = makeServer(tls, (request, response) => {
    if (answersFirst(request, response)) return;
    const foreign = foreignHeaderOf(allowed(), request);
    if (foreign) {
      plain(
        response,
        403,
        `${foreign} not allowed. Open the URL that packetlog printed, or name it with --allow-origin.\n`,
      );
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      plain(response, 405, 'Only GET and HEAD.\n', { Allow: 'GET, HEAD' });
      return;
    }
    if (request.url === '/healthz') {
      const answer = (isOk: boolean) => {
        const text = isOk ? 'ok\n' : 'not ok: packetlog status says why\n';
        plain(response, isOk ? 200 : 503, text, { 'Cache-Control': 'no-store' });
      };
      isHealthy().then(answer, () => answer(false));
      return;
    }
    files(request, response);
  });
  limitTimes(server);
  return server;
}

/** Limits how long a request and an idle connection may take. */
export function limitTimes(server: Server): void {
  server.headersTimeout = REQUEST_MS;
  server.requestTimeout = REQUEST_MS;
  server.timeout = IDLE_MS;
}

function dashboardFiles(files: readonly PageFile[], nodes: readonly string[]): Handler {
  const headers = securityHeaders(contentSecurityPolicy(files, nodes));
  const table = new PageTable(files);
  return (request, response) => {
    const found = table.find(request.url ?? '/', request.headers['accept-encoding']);
    if (found === undefined) {
      plain(response, 404, 'Not found.\n');
      return;
    }
    if (found.kind === 'moved') {
      plain(response, 308, 'Moved.\n', { Location: found.to });
      return;
    }
    const { content, etag, headers: own } = found.representation;
    const hashed = found.path.startsWith('/_next/static/');
    const caching = hashed ? 'public, max-age=31536000, immutable' : 'no-cache';
    const all = { ...headers, ...own, 'Cache-Control': caching };
    if (isKnown(request.headers['if-none-match'], etag)) {
      response.writeHead(304, all);
      response.end();
      return;
    }
    // RFC 9110 section 14.2: a server may ignore Range. The files served here are small.
    response.writeHead(200, { ...all, 'Content-Length': content.byteLength });
    response.end(request.method === 'HEAD' ? undefined : content);
  };
}

/** RFC 9110 section 13.1.2. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const weak = (tag: string) => tag.trim().replace(/^W\//, '');
  return ifNoneMatch.trim() === '*' || ifNoneMatch.split(',').some((tag) => weak(tag) === weak(etag));
}

const noFiles: Handler = (_, response) => plain(response, 404, 'This loader serves no dashboard (--ui off).\n');

/** Answers with text and the security headers. */
export function plain(
  response: ServerResponse,
  status: number,
  text: string,
  more: Readonly<Record<string, string>> = {},
): void {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(text) };
  response.writeHead(status, { ...securityHeaders(), ...headers, ...more });
  response.end(text);
}

function listenProblem({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'the port is taken';
    case 'EACCES':
      return 'permission denied: ports below 1024 need CAP_NET_BIND_SERVICE';
    case 'EADDRNOTAVAIL':
      return 'no interface of this machine has this address';
    default:
      return message;
  }
}

/**
 * Resolves with the port; it differs from the requested one if that was 0. Throws SetupError, which advises to choose
 * another address with `option`.
 */
export async function listen(server: Server, host: string, port: number, option = '--listen'): Promise<number> {
  const target = `${host}:${port}`;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new SetupError({
          step: 'listen on',
          target,
          problem: listenProblem(cause),
          next: `Choose another with ${option} HOST:PORT, or ${option} off.`,
          exit: 'listen',
          cause,
        }),
      );
    });
    server.listen({ host: host.replace(/^\[|\]$/g, ''), port }, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}
