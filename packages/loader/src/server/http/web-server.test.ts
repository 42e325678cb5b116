import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { Connections } from '../access/connections.ts';
import { type Allowed, allowedFor } from './allowed-hosts.ts';
import { guardHandlers } from './guard-handlers.ts';
import { listen, webServer } from './web-server.ts';

const HOST = '127.0.0.1';

interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

interface Site {
  server: Server;
  port: number;
  /** Errors that handlers threw. */
  failures: unknown[];
}

async function serving(ui: string | undefined): Promise<Site> {
  let allowed: Allowed = { hosts: new Set(), origins: new Set() };
  const server = webServer(ui, () => allowed);
  const failures: unknown[] = [];
  const connections = new Connections({ warn: () => {} });
  connections.watch(server);
  guardHandlers(server, connections, (error) => failures.push(error));
  const port = await listen(server, HOST, 0);
  allowed = allowedFor(HOST, port, []);
  return { server, port, failures };
}

function close({ server }: Site): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

/** Sends the path unchanged; fetch would normalize it. */
function get(
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

describe('the web server', () => {
  let directory = '';
  let site: Site;
  beforeAll(async () => {
    const root = mkdtempSync(join(tmpdir(), 'packetlog-web-'));
    directory = join(root, 'ui');
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
    site = await serving(directory);
  });
  afterAll(async () => {
    await close(site);
    expect(site.failures).toEqual([]);
    rmSync(join(directory, '..'), { recursive: true });
  });

  it('serves the page with its policy, and makes browsers revalidate it', async () => {
    const { status, headers, body } = await get(site, '/');
    expect(status).toBe(200);
    expect(body).toContain('<title>here</title>');
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self' 'sha256-[^ ]+';/);
    expect(headers).toMatchObject({
      'content-type': expect.stringContaining('text/html'),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    });
  });

  it('lets browsers cache files with a hash in their path forever', async () => {
    const { status, headers, body } = await get(site, '/_next/static/a.js');
    expect([status, body]).toEqual([200, 'a = 1']);
    expect(headers['cache-control']).toContain('immutable');
  });

  it.each([
    ['br', 'gzip, deflate, br', 'in brotli'],
    ['gzip', 'gzip, deflate', 'in gzip'],
    [undefined, 'identity', 'a = 1'],
  ])('sends the file that was compressed at build time: %s', async (encoding, accepted, content) => {
    const { headers, body } = await get(site, '/_next/static/a.js', { headers: { 'Accept-Encoding': accepted } });
    expect(body).toBe(content);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript',
      vary: 'Accept-Encoding',
      'cache-control': expect.stringContaining('immutable'),
      'x-content-type-options': 'nosniff',
    });
    expect(headers['content-encoding']).toBe(encoding);
  });

  it.each([
    'bytes=5-1',
    'bytes=0-0',
    'bytes=1-5',
    'bytes=-5',
    'bytes=5-',
    'bytes=-0',
    'bytes=0-0,2-3',
    'bytes=999999-',
    'bytes=999999-1000000',
    'bytes=-999999',
    'bytes=18446744073709551616-18446744073709551617',
    'bytes=a-b',
    'bytes=--1',
    'bytes=',
    'bytes',
    '5-1',
    'lines=1-2',
    `bytes=${'0-1,'.repeat(2000)}0-1`,
  ])('answers Range: %.40s with the whole file', async (range) => {
    const { status, body, headers } = await get(site, '/', { headers: { Range: range } });
    expect([status, body]).toEqual([200, '<title>here</title><script>a()</script>']);
    expect(headers['content-range']).toBeUndefined();
    expect(headers['content-length']).toBe(String(body.length));
    expect((await get(site, '/', { method: 'HEAD', headers: { Range: range } })).status).toBe(200);
  });

  it('answers 304 if the browser has the file', async () => {
    const { headers } = await get(site, '/_next/static/a.js');
    const etag = String(headers['etag']);
    for (const known of [etag, `"x", ${etag}`, etag.replace('W/', ''), '*']) {
      const again = await get(site, '/_next/static/a.js', { headers: { 'If-None-Match': known } });
      expect([again.status, again.body]).toEqual([304, '']);
      expect(again.headers).toMatchObject({ etag, vary: 'Accept-Encoding', 'cache-control': headers['cache-control'] });
    }
    for (const other of ['"x"', 'W/"1-1"', '', etag.slice(0, -1)]) {
      expect((await get(site, '/_next/static/a.js', { headers: { 'If-None-Match': other } })).status).toBe(200);
    }
  });

  it.each([
    ['/rules.html', '/rules'],
    ['/rules/', '/rules'],
    ['/rules/index', '/rules'],
    ['/%72ules?x=/../y', '/rules?x=/../y'],
    ['/index', '/'],
    ['/index.html?a', '/?a'],
    ['/help/', '/help'],
    ['/help/index.html', '/help'],
  ])('redirects %s to %s, the path that the page expects', async (path, to) => {
    const { status, headers } = await get(site, path);
    expect([status, headers['location']]).toEqual([308, to]);
    expect((await get(site, to)).status).toBe(200);
  });

  it.each<[string, { method?: string; headers?: Record<string, string> }]>([
    ['/', {}],
    ['/nothing', {}],
    ['/rules/', {}],
    ['/', { method: 'POST' }],
    ['/', { headers: { Host: 'evil.example' } }],
    ['/', { method: 'HEAD' }],
  ])('sends the security headers with every answer: %s %o', async (path, options) => {
    const { headers } = await get(site, path, options);
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringMatching(/^default-src 'none';.*frame-ancestors 'none'/),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'permissions-policy': expect.stringContaining('camera=()'),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
  });

  it('a handler that throws ends only its own request, and is reported', async () => {
    const broken = await serving(directory);
    broken.server.removeAllListeners('request');
    broken.server.on('request', () => {
      throw new Error('broken');
    });
    const connections = new Connections({ warn: () => {} });
    guardHandlers(broken.server, connections, (error) => broken.failures.push(error));
    expect(await get(broken, '/')).toMatchObject({ status: 500, headers: { 'referrer-policy': 'no-referrer' } });
    expect((await get(broken, '/')).status).toBe(500);
    expect(broken.failures).toHaveLength(2);
    await close(broken);
  });

  it('answers HEAD with the headers only', async () => {
    const { status, headers, body } = await get(site, '/', { method: 'HEAD' });
    expect([status, body]).toEqual([200, '']);
    expect(headers['content-security-policy']).toBeDefined();
  });

  it.each([
    '/nothing',
    '/.env',
    '/.git/config',
    '/../secret.txt',
    '/_next/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..\\secret.txt',
    '//secret.txt',
    '/%00',
    '/%',
    '/%c0%ae%c0%ae/secret.txt',
    '/index.html/../../secret.txt',
    '/new.txt',
  ])('answers 404 to %s', async (path) => {
    const { status, body } = await get(site, path);
    expect(status).toBe(404);
    expect(body).toBe('Not found.\n');
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('rejects %s', async (method) => {
    const { status, body } = await get(site, '/', { method });
    expect(status).toBe(405);
    expect(body).not.toContain('here');
  });

  it.each<[string, Record<string, string>]>([
    ['a foreign name', { Host: 'evil.example' }],
    ['a foreign name with the right port', { Host: 'evil.example:7411' }],
    ['a foreign Origin', { Origin: 'http://evil.example' }],
  ])('rejects %s', async (_, headers) => {
    const { status, body } = await get(site, '/', { headers });
    expect(status).toBe(403);
    expect(body).toMatch(/^(Host|Origin) not allowed/);
  });

  it.each([
    ['no Host (HTTP/1.0)', 'GET / HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 403 /],
    ['what is not HTTP', '\u0016\u0003\u0001\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['endless headers', `GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}`, /^HTTP\/1\.1 431 /],
  ])('survives %s', async (_, text, answer) => {
    const received = await new Promise<string>((resolve) => {
      let all = '';
      const socket = connect(site.port, HOST, () => socket.write(text));
      socket.on('data', (part) => (all += String(part)));
      socket.on('error', () => resolve(all));
      socket.on('close', () => resolve(all));
    });
    expect(received).toMatch(answer);
    expect((await get(site, '/')).status).toBe(200);
  });

  it('serves the files read at start, whatever happens to the directory', async () => {
    writeFileSync(join(directory, 'new.txt'), 'later');
    symlinkSync(join(directory, '..', 'secret.txt'), join(directory, 'link.txt'));
    expect((await get(site, '/new.txt')).status).toBe(404);
    expect((await get(site, '/link.txt')).status).toBe(404);
    appendFileSync(join(directory, 'index.html'), 'x'.repeat(100_000));
    expect((await get(site, '/')).body).toBe('<title>here</title><script>a()</script>');
    rmSync(directory, { recursive: true });
    expect(await get(site, '/_next/static/a.js')).toMatchObject({ status: 200, body: 'a = 1' });
    expect((await get(site, '/')).body).toBe('<title>here</title><script>a()</script>');
  });
});

describe('the web server without a dashboard', () => {
  it('answers 404 with the reason', async () => {
    const site = await serving(undefined);
    expect(await get(site, '/')).toMatchObject({ status: 404, body: expect.stringContaining('--ui off') });
    await close(site);
  });

  it('rejects a directory without a built dashboard', () => {
    const none = { hosts: new Set<string>(), origins: new Set<string>() };
    expect(() => webServer('/nonexistent', () => none)).toThrow(SetupError);
    expect(() => webServer('/nonexistent', () => none)).toThrow(/no index\.html there.*--ui off/);
  });
});

describe('listen', () => {
  it('reports a port that is taken, with the exit code listen', async () => {
    const site = await serving(undefined);
    const second = webServer(undefined, () => ({ hosts: new Set(), origins: new Set() }));
    const failure = await listen(second, HOST, site.port).catch((error: unknown) => error);
    await close(site);
    expect(failure).toBeInstanceOf(SetupError);
    expect(failure).toMatchObject({ message: expect.stringContaining('the port is taken'), exitCode: EXIT.listen });
  });

  it.each(['192.0.2.1', 'no-such-host.invalid'])(
    'fails with the same exit code for an address that it cannot listen on: %s',
    async (host) => {
      const server = webServer(undefined, () => ({ hosts: new Set(), origins: new Set() }));
      await expect(listen(server, host, 0)).rejects.toMatchObject({ exitCode: EXIT.listen });
    },
  );
});
