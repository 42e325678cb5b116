/** One port: the dashboard's files, and an upgrade path for the socket. */
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { SetupError } from '../setup-error.ts';
import { type Allowed, refusal } from './allowed-hosts.ts';
import { contentSecurityPolicy } from './content-security-policy.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * `ui`: directory of the built dashboard; undefined serves the socket alone. `nodes`: other loaders that the dashboard
 * may connect to.
 */
export function webServer(ui: string | undefined, allowed: () => Allowed, nodes: readonly string[] = []): Server {
  const files = ui === undefined ? noFiles : dashboardFiles(ui, nodes);
  const server = createServer((request, response) => {
    const refused = refusal(allowed(), request.headers.host, request.headers.origin);
    if (refused) {
      plain(
        response,
        403,
        `${refused} not allowed. Open the URL that packetlog printed, or name it with --allow-origin.\n`,
      );
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      plain(response, 405, 'Only GET and HEAD.\n');
      return;
    }
    files(request, response);
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  return server;
}

function dashboardFiles(directory: string, nodes: readonly string[]): Handler {
  if (!existsSync(join(directory, 'index.html'))) {
    throw new SetupError({
      step: 'serve dashboard',
      target: directory,
      problem: 'no index.html there',
      next: 'Build it (pnpm build), name another directory with --ui DIR, or use --ui off.',
      exit: 'usage',
    });
  }
  const policy = contentSecurityPolicy(directory, nodes);
  // Not in development mode: the table of files is read once, nothing else can be asked for.
  const serve = sirv(directory, {
    dotfiles: false,
    etag: true,
    // Compressed when the dashboard is built: nothing is compressed for a request.
    gzip: true,
    brotli: true,
    setHeaders(response, path) {
      response.setHeader('Content-Security-Policy', policy);
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Referrer-Policy', 'no-referrer');
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      const hashed = path.startsWith('/_next/static/');
      response.setHeader('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  return (request, response) => serve(request, response, () => plain(response, 404, 'Not found.\n'));
}

const noFiles: Handler = (_, response) => plain(response, 404, 'This loader serves no dashboard (--ui off).\n');

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' });
  response.end(text);
}

/** Resolves with the port, which differs from the one asked for if that was 0. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  const target = `${host}:${port}`;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      reject(
        new SetupError({
          step: 'listen on',
          target,
          problem: taken ? 'the port is taken' : cause.message,
          next: 'Choose another with --listen HOST:PORT, or --listen off.',
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
