import { afterEach, describe, expect, it, vi } from 'vitest';
import { get } from '../../../test/support/web-fixture.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { LineLimit } from '../../line-limit.ts';
import { Connections } from '../access/connections.ts';
import { Metrics } from './metrics.ts';
import { type MetricsPlace, ServedMetrics } from './served-metrics.ts';

const TOKEN = 'a-token-of-the-test';
const source = {
  build: { version: '0.0.0', protocol: 2, transport: 'array' },
  startedAtMs: 0,
  isHealthy: () => true,
  clients: () => ({ readers: 0, admins: 0 }),
  connections: () => 0,
  certificateExpiresMs: () => undefined,
  limits: async () => ({ ok: true as const, value: { at_ms: 0, limits: [] } }),
  rules: () => ({
    revision: 1,
    default_policy: 'permit' as const,
    rules: [],
    sets: [],
    enforcing: false,
    pinned: false,
  }),
  clientRecords: () => ({ offered: 0, delivered: 0, dropped: 0, withheld: 0, pending: 0, filtered: 0 }),
};

describe('a separate address of the metrics', () => {
  const opened: ServedMetrics[] = [];
  const lines = { warn: vi.fn(), failed: vi.fn() } as unknown as LineLimit;
  afterEach(async () => {
    for (const served of opened.splice(0)) await served.close();
    expect(lines.failed).not.toHaveBeenCalled();
  });

  async function open(place: MetricsPlace) {
    const isToken = (given: string) => given === TOKEN;
    const served = await ServedMetrics.open({
      metrics: new Metrics(),
      place,
      isToken,
      connections: new Connections(lines),
      lines,
      tls: undefined,
    });
    opened.push(served);
    const port = Number(new URL(served.url ?? 'http://x:0').port);
    const scrape = (headers: Record<string, string> = {}, path = '/metrics', method = 'GET') =>
      get({ port } as Parameters<typeof get>[0], path, { headers, method });
    return { served, port, scrape };
  }

  it('is open on loopback, once the loader has started', async () => {
    const { served, scrape } = await open({ host: 'localhost', port: 0 });
    expect((await scrape()).status).toBe(503);
    served.metrics.start(source);
    const { status, headers, body } = await scrape();
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(body).toContain('packetlog_build_info{');
    expect((await scrape({}, '/metrics', 'HEAD')).body).toBe('');
    expect((await scrape({}, '/metrics', 'POST')).status).toBe(405);
    expect((await scrape({}, '/metrics?module=a')).status).toBe(200);
    for (const path of ['/', '/metrics/', '/metricsx']) expect((await scrape({}, path)).status, path).toBe(404);
    expect(served.isExposed).toBe(false);
  });

  it('on loopback rejects names and origins of other pages', async () => {
    const { served, scrape, port } = await open({ host: '127.0.0.1', port: 0 });
    served.metrics.start(source);
    expect((await scrape({ Host: `rebound.example:${port}` })).status).toBe(403);
    expect((await scrape({ Origin: 'http://other.example' })).status).toBe(403);
  });

  it('that other machines can reach requires the token, and accepts any name', async () => {
    const { served, scrape } = await open({ host: '0.0.0.0', port: 0 });
    served.metrics.start(source);
    expect(served.isExposed).toBe(true);
    const { status, headers, body } = await scrape();
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe('Bearer realm="packetlog"');
    expect(body).not.toContain('packetlog_');
    expect(lines.warn).toHaveBeenCalledWith({ address: expect.any(String) }, expect.stringContaining('wrong token'));
    for (const wrong of [`Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN, 'Bearer', `Bearer ${TOKEN} x`]) {
      expect((await scrape({ Authorization: wrong })).status, wrong).toBe(401);
    }
    const right = { Authorization: `bearer ${TOKEN}`, Host: 'web-1.example:9741' };
    expect((await scrape(right)).status).toBe(200);
  });

  it('that is taken is an error that names the option', async () => {
    const { port } = await open({ host: '127.0.0.1', port: 0 });
    const again = open({ host: '127.0.0.1', port });
    await expect(again).rejects.toThrow(SetupError);
    await expect(again).rejects.toThrow(
      `listen on 127.0.0.1:${port}: the port is taken. Choose another with --metrics HOST:PORT, or --metrics off.`,
    );
  });
});
