/**
 * Real proxies in front of the real loader: page, socket, tokens and origins over TLS, with the configuration of
 * docs/deploy.md. Needs root and chromium.
 */
import { readFileSync } from 'node:fs';
import { connect } from '@packetlog/client';
import { io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CertificatePlace, makeCertificatePlace } from '../lab/certificate.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { type Forward, forwardPort, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { exact } from './chromium.ts';
import { ADMIN_TOKEN, eachWithDashboard, TOKEN } from './dashboard.ts';
import { type ProxyName, type StartedProxy, startProxy } from './proxies.ts';
import { hasEnded, makeRulesPlace, type RulesPlace, rules } from './rules-command.ts';

const PORT = 7411;

describe.skipIf(!requireRoot())('behind a proxy with TLS', () => {
  const suite = eachWithDashboard();
  let certificates: CertificatePlace;
  let place: RulesPlace;
  let proxy: StartedProxy | undefined;
  let forward: Forward | undefined;
  beforeEach(() => {
    certificates = makeCertificatePlace();
    place = makeRulesPlace();
  });
  afterEach(async () => {
    await proxy?.close();
    await forward?.close();
    proxy = undefined;
    forward = undefined;
    certificates.remove();
    place.remove();
  });

  test.each<ProxyName>(['nginx', 'caddy'])('%s: the page is live, and tokens and origins decide', async (name) => {
    const { server, client: sender, link } = suite.network;
    const certificate = await certificates.make('proxy', 'DNS:localhost');
    forward = await forwardPort(server, 0);
    const origin = `https://localhost:${forward.port}`;
    const packetlog = suite.own(
      startPacketlog(server, {
        args: ['--iface', link.server.device, '--print', 'none', '--allow-origin', origin],
        env: { ...place.env, PACKETLOG_TOKEN: TOKEN, PACKETLOG_ADMIN_TOKEN: ADMIN_TOKEN },
      }),
    );
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    expect(packetlog.stderr).toContain(`http://localhost:${PORT}/`);
    proxy = startProxy(name, server, forward.port, certificate);
    const ca = readFileSync(certificate.cert, 'utf8');
    const { process } = proxy;
    const attempt = (token: string, headers: Record<string, string> = {}) =>
      new Promise<string>((resolve) => {
        const socket = io(origin, {
          transports: ['websocket'],
          auth: { token },
          ca,
          reconnection: false,
          forceNew: true,
          extraHeaders: headers,
        });
        const done = (result: string) => {
          socket.disconnect();
          resolve(result);
        };
        socket.once('hello', () => done('admitted'));
        socket.once('connect_error', (error: Error & { data?: { code: string } }) =>
          done(error.data?.code ?? error.message),
        );
      });
    const isAdmitted = async () => {
      if (await hasEnded(process)) throw new Error(`${name} ended: ${process.stderr}`);
      return (await attempt(TOKEN)) === 'admitted';
    };
    await until(isAdmitted, { what: name, evidence: () => process.stderr });
    expect(await attempt('not-the-token-of-this-loader')).toBe('unauthorized');
    expect(await attempt(TOKEN, { Origin: origin })).toBe('admitted');
    expect(await attempt(TOKEN, { Origin: 'https://evil.example' })).toBe('websocket error');
    expect(await attempt(TOKEN, { Host: 'evil.example' })).toBe('websocket error');

    const { page, problems } = await suite.open(`${origin}/#token=${TOKEN}`, { ignoreHTTPSErrors: true });
    await using client = await connect(origin, { token: TOKEN, adminToken: ADMIN_TOKEN, ca });
    const packets = client.packets({ filter: 'udp dst port 53' });
    let received = 0;
    void packets.next().then(({ value }) => {
      received = value?.length ?? 0;
    });
    let sent = 0;
    // Repeated, because packets before the subscription do not arrive.
    const isReceived = async () => {
      sent += (await sendUdp(sender, { address: link.server.ipv4, count: 20, ports: [53] })).sent;
      return received > 0;
    };
    await until(isReceived, { what: 'packets through the proxy' });
    await packets.return();
    await until(async () => (await exact(page, 'total-seen')) === sent, { what: 'the packets on the page' });
    expect(problems).toEqual([]);

    // As documented: the loader knows the address of the proxy, whatever the proxy sends.
    await client.deny('203.0.113.7', { reason: 'through the proxy' });
    const audit = await rules(server, place, 'audit', '--json');
    expect(audit.stdout).toContain('through the proxy');
    expect(audit.stdout).toMatch(/"address": ?"(::ffff:)?127\.0\.0\.1"/);
    await packetlog.end();
  });
});
