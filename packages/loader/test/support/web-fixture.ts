/** A web server with a small built dashboard, over real HTTP on loopback. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPageFiles } from '../../src/cli/run/page-files.ts';
import { Connections } from '../../src/server/access/connections.ts';
import { type Allowed, allowedFor } from '../../src/server/http/allowed-hosts.ts';
import { guardHandlers } from '../../src/server/http/guard-handlers.ts';
import { listen, webServer } from '../../src/server/http/web-server.ts';

export const HOST = '127.0.0.1';

export interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

export interface Site {
  server: Server;
  port: number;
  /** Errors that handlers threw. */
  failures: unknown[];
}

/** Starts a server; `ui` is the directory of its dashboard. */
export async function serving(ui: string | undefined): Promise<Site> {
  let allowed: Allowed = { hosts: new Set(), origins: new Set() };
  const server = webServer(ui === undefined ? undefined : readPageFiles(ui), () => allowed);
  const failures: unknown[] = [];
  const connections = new Connections({ warn: () => {} });
  connections.watch(server);
  guardHandlers(server, connections, (error) => failures.push(error));
  const port = await listen(server, HOST, 0);
  allowed = allowedFor(HOST, port, []);
  return { server, port, failures };
}

export function close({ server }: Site): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

/** Sends the path unchanged; fetch would normalize it. */
export function get(
  site: Site,
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {} } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: HOST, port: site.port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (body += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Creates a built dashboard beside a secret file, in a new directory. Remove it with `removeDashboard`. */
export function makeDashboard(): string {
  const root = mkdtempSync(join(tmpdir(), 'packetlog-web-'));
  const directory = join(root, 'ui');
  mkdirSync(join(directory, '_next', 'static'), { recursive: true });
  writeFileSync(join(root, 'secret.txt'), 'secret');
  writeFileSync(join(directory, 'index.html'), '<title>here</title><script>a()</script>');
  writeFileSync(join(directory, '_next', 'static', 'a.js'), 'a = 1');
  writeFileSync(join(directory, '_next', 'static', 'a.js.gz'), 'in gzip');
  writeFileSync(join(directory, '_next', 'static', 'a.js.br'), 'in brotli');
  writeFileSync(join(directory, 'rules.html'), '<title>rules</title>');
  mkdirSync(join(directory, 'help'));
  writeFileSync(join(directory, 'help', 'index.html'), '<title>help</title>');
  writeFileSync(join(directory, '.env'), 'secret');
  symlinkSync('/nonexistent', join(directory, '.#lock-of-an-editor'));
  mkdirSync(join(directory, '.git'));
  writeFileSync(join(directory, '.git', 'config'), 'secret');
  return directory;
}

export function removeDashboard(directory: string): void {
  rmSync(join(directory, '..'), { recursive: true });
}
