/** What nmap's scans are to findings and limits. Needs root and nmap. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { startTcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { done, listed, makeRulesPlace, type RulesPlace } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

/** Ports that the limit of ports permits at once, and closed ones that are scanned. */
const [MOST, CLOSED] = [20, 400];
const OPEN = [2121, 2222, 8080];

describe.skipIf(!requireRoot())('nmap', () => {
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());
  const suite = eachWithNetwork({ ipv6: false });

  /** Starts a loader with observing limits of ports and connections. */
  async function start(protocol: 'tcp' | 'udp'): Promise<LabProcess> {
    const args = ['--iface', 'server0', '--listen', 'off', '--print', 'none', '--pin', 'never'];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const limit = { action: 'limit', source: 'any' } as const;
    await done(place, 'add', { rule: { ...limit, protocol, rate: `${MOST}/h`, measure: 'ports' } });
    await done(place, 'add', { rule: { ...limit, protocol: 'tcp', rate: '1000/h', measure: 'connections' } });
    return packetlog;
  }

  async function counted() {
    const [ports, connections] = (await listed(place)).rules;
    const passed = (ports?.packets ?? 0) - (ports?.over_packets ?? 0);
    return { seen: ports?.packets, passed, connections: connections?.packets };
  }

  /** Scans ports; most get one packet. */
  const scan = (kind: string, ports: string) => {
    const once = ['-n', '-Pn', '-T5', '--max-retries', '0', '-p', ports];
    return suite.network.client.exec('nmap', kind, ...once, suite.network.link.server.ipv4);
  };

  const untilCounted = (expected: Awaited<ReturnType<typeof counted>>) =>
    until(async () => JSON.stringify(await counted()) === JSON.stringify(expected), {
      what: `the counts ${JSON.stringify(expected)}`,
    });

  test.each([
    { kind: '-sT', what: 'whose connections the kernel verifies', verified: OPEN.length },
    { kind: '-sS', what: 'which completes no connection', verified: 0 },
  ])('$kind, $what, is a finding and counted', async ({ kind, verified }) => {
    const { server, link } = suite.network;
    for (const port of OPEN) await startTcpEcho(server, link.server.ipv4, port);
    const packetlog = await start('tcp');
    await scan(kind, `1-${CLOSED}`);
    await untilCounted({ seen: CLOSED, passed: MOST, connections: 0 });
    await packetlog.untilPrinted(/"code":"finding_opened"/);
    const found = await scan(kind, OPEN.join());
    expect(found.match(/^\d+\/tcp +open/gm)).toHaveLength(OPEN.length);
    await untilCounted({ seen: CLOSED + OPEN.length, passed: MOST, connections: verified });
    expect(packetlog.stderr.match(/"code":"finding_opened".*/g)).toEqual([
      expect.stringContaining(`${link.client.ipv4} scanned ${CLOSED} ports of ${link.server.ipv4} in `),
    ]);
  });

  test('-sU is counted by ports, and no finding', async () => {
    const packetlog = await start('udp');
    await scan('-sU', `1-${CLOSED}`);
    // Some ports get several packets.
    const { packets } = (await suite.network.link.server.counters()).rx;
    const { passed } = await until(
      async () => {
        const now = await counted();
        return now.seen === packets && now;
      },
      { what: `${packets} packets` },
    );
    expect(passed).toBeGreaterThanOrEqual(MOST);
    expect(passed).toBeLessThanOrEqual(MOST + packets - CLOSED);
    expect(packetlog.stderr).not.toContain('finding_opened');
  });
});
