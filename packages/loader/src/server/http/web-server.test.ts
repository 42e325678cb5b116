import { appendFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  close,
  get,
  HOST,
  makeDashboard,
  removeDashboard,
  type Site,
  serving,
} from '../../../test/support/web-fixture.ts';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { listen, webServer } from './web-server.ts';

describe('the web server', () => {
  let directory = '';
  let site: Site;
  beforeAll(async () => {
    directory = makeDashboard();
    site = await serving(directory);
  });
  afterAll(async () => {
    await close(site);
    expect(site.failures).toEqual([]);
    removeDashboard(directory);
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

  it('answers HEAD with the headers only', async () => {
    const { status, headers, body } = await get(site, '/', { method: 'HEAD' });
    expect([status, body]).toEqual([200, '']);
    expect(headers['content-security-policy']).toBeDefined();
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
