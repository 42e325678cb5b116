import { connect } from 'node:net';
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
import { Connections } from '../access/connections.ts';
import { guardHandlers } from './guard-handlers.ts';

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
});
