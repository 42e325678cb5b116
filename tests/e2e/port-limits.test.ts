/** Limits of distinct ports against a real scanner, and beside ordinary clients. Needs root and nmap. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { exchangeTcp, sendUdp, startTcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { done, listed, makeRulesPlace, type RulesPlace } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const MOST = 20;
const SCANNED = 400;

describe.skipIf(!requireRoot())('a limit of ports', () => {
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  const suite = eachWithNetwork({ ipv6: false });
  afterEach(() => place.remove());

  /** Starts a loader with an enforced limit. */
  async function limited(protocol: 'tcp' | 'udp'): Promise<void> {
    const args = ['--iface', 'server0', '--listen', 'off', '--print', 'none', '--pin', 'never'];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const numbers = { rate: `${MOST}/h`, measure: 'ports', enforce: true } as const;
    await done(place, 'add', { rule: { action: 'limit', source: 'any', protocol, ...numbers }, now: true });
    await done(place, 'confirm', {});
  }

  async function counted() {
    const [limit] = (await listed(place)).rules;
    const [seen, over] = [limit?.packets ?? 0, limit?.over_packets ?? 0];
    return { seen, passed: seen - over };
  }

  const untilSeen = (packets: number) =>
    until(async () => ((await counted()).seen === packets ? counted() : undefined), {
      what: `${packets} packets seen`,
    });

  test('shows a SYN scan by nmap no more ports than it permits', async () => {
    await limited('tcp');
    const { client, link } = suite.network;
    const options = ['-sS', '-n', '-Pn', '-T5', '--max-retries', '0', '-p', `1-${SCANNED}`, '-oG', '-'];
    const found = await client.exec('nmap', ...options, link.server.ipv4);
    const { seen, passed } = await untilSeen(SCANNED);
    expect([seen, passed]).toEqual([SCANNED, MOST]);
    // A closed port answers with a reset; one that the limit denies does not answer.
    const ignored = /Ignored State: filtered \((\d+)\)/.exec(found)?.[1];
    expect(SCANNED - Number(ignored)).toBe(MOST);
  });

  test('never denies a client that returns to its ports', async () => {
    await limited('tcp');
    const { client, server, link } = suite.network;
    const ports = [];
    for (let i = 0; i < 3; i++) ports.push((await startTcpEcho(server, link.server.ipv4)).port);
    const connections = 100;
    for (const port of [...ports, ...ports])
      expect(await exchangeTcp(client, { address: link.server.ipv4, port, connections, bytes: 10 })).toMatchObject({
        echoed: connections * 10,
      });
    expect(await untilSeen(6 * connections)).toMatchObject({ passed: 6 * connections });
  });

  test('counts datagrams to distinct ports', async () => {
    await limited('udp');
    const { client, link } = suite.network;
    const ports = Array.from({ length: 50 }, (_, i) => 5000 + i);
    await sendUdp(client, { address: link.server.ipv4, count: 100, ports });
    expect(await untilSeen(100)).toMatchObject({ passed: 2 * MOST });
  });
});
