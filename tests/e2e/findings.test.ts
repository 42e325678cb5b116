/** Attacks by real tools are named, once each; ordinary traffic of real tools is not. Needs root. */
import { fileURLToPath } from 'node:url';
import { type Findings, findingText } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LAB_TOKEN, type LabProcess, startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { exchangeTcp, sendUdp, startTcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { abTest, curlPages, monitor, startHttpServer, startRsyncServer, syncFiles } from './ordinary-traffic.ts';
import { makeRulesPlace, type RulesPlace } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const CLIENT = fileURLToPath(new URL('../../packages/client/dist/index.js', import.meta.url));
const [PORTS, FLOOD, ATTEMPTS] = [3000, 15_000, 80];
/** A finding closes 30 s after its last evidence. */
const CLOSED_WITHIN_MS = 90_000;

describe.skipIf(!requireRoot())('findings', { timeout: 240_000 }, () => {
  const suite = eachWithNetwork({ ipv6: false });
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());

  async function start(): Promise<LabProcess> {
    const { server, link } = suite.network;
    const args = ['--iface', link.server.device, '--print', 'none', '--ui', 'off', '--listen', '127.0.0.1:7411'];
    const options = { args: [...args, '--metrics', 'same'], env: { ...place.env, PACKETLOG_TOKEN: LAB_TOKEN } };
    const packetlog = suite.own(startPacketlog(server, options));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  /** Starts a client inside, which prints the findings each time they change. */
  async function startClient(): Promise<() => Findings> {
    const script = `
      const { connect } = await import(${JSON.stringify(CLIENT)});
      const packetlog = await connect('http://127.0.0.1:7411', { token: ${JSON.stringify(LAB_TOKEN)} });
      const print = (findings) => console.log(JSON.stringify(findings));
      packetlog.findings.onChange(print);
      if (packetlog.findings.current) print(packetlog.findings.current);`;
    const args = ['--input-type=module', '-e', script];
    const client = suite.own(startProcess(suite.network.server, process.execPath, args));
    await client.untilPrinted(/"open":/);
    return () => JSON.parse(client.stdout.trimEnd().split('\n').at(-1) ?? '') as Findings;
  }

  test('a scan, a flood and a brute force are named, one finding each, and close', async () => {
    const { client, server, link } = suite.network;
    const target = link.server.ipv4;
    const packetlog = await start();
    const newest = await startClient();
    expect(newest()).toMatchObject({ open: [], closed: [], untracked: 0 });
    const ssh = await startTcpEcho(server, target, 22);

    const rate = ['--min-rate', '800', '--max-retries', '0'];
    await client.exec('nmap', '-sS', '-n', '-Pn', '--send-ip', ...rate, '-p', `1-${PORTS}`, target);
    await packetlog.untilPrinted(/"code":"finding_opened".*"kind":"port_scan"/);

    // hping3 exits with 1 if there was no answer.
    const flood = ['-S', '-p', '443', '--rand-source', '-i', 'u200', '-c', String(FLOOD), '-q', target];
    await client.exec('hping3', ...flood).catch(() => undefined);
    await packetlog.untilPrinted(/"code":"finding_opened".*"kind":"syn_flood"/);

    await exchangeTcp(client, { address: target, port: ssh.port, connections: ATTEMPTS, bytes: 100 });
    await packetlog.untilPrinted(/"code":"finding_opened".*"kind":"login_attempts"/);

    // The last one opens before all attempts have been made. One of them is nmap's.
    const hasAll = () => newest().open[2]?.per_minute === ATTEMPTS + 1 && newest();
    const { open, opened } = await until(hasAll, {
      what: 'three findings, the last of all attempts',
      evidence: () => JSON.stringify(newest()),
    });
    expect(opened).toEqual({ port_scan: 1, host_sweep: 0, login_attempts: 1, syn_flood: 1, icmp_flood: 0 });
    const [scan, synFlood, logins] = open;
    // nmap repeats nothing; the port with the listener is not counted if nmap completes its connection.
    expect(scan).toMatchObject({ source: link.client.ipv4, destination: target });
    expect(Math.abs((scan?.ports ?? 0) - PORTS)).toBeLessThanOrEqual(1);
    expect(synFlood).toMatchObject({ destination: target, port: 443 });
    expect(synFlood?.sources ?? 0).toBeGreaterThan(FLOOD / 2);
    expect(synFlood?.new_share ?? 0).toBeGreaterThan(0.9);
    expect(logins).toMatchObject({ source: link.client.ipv4, port: 22, rule: { source: link.client.ipv4 } });

    const status = await server.exec(
      'env',
      `PACKETLOG_STATE_DIR=${place.env['PACKETLOG_STATE_DIR']}`,
      ...command('status'),
    );
    for (const finding of open) expect(status.replace(/\s+/g, ' ')).toContain(findingText(finding).split(' in ')[0]);
    const metrics = `fetch('http://127.0.0.1:7411/metrics', { headers: { authorization: 'Bearer ${LAB_TOKEN}' } }).then(async (answer) => console.log(await answer.text()))`;
    const scraped = await server.exec(process.execPath, '-e', metrics);
    expect(scraped).toContain('packetlog_findings_opened_total{kind="port_scan"} 1\n');
    expect(scraped).toContain('packetlog_findings_open{kind="icmp_flood"} 0\n');

    await packetlog.untilPrinted(/"code":"finding_closed".*"kind":"login_attempts"/, CLOSED_WITHIN_MS);
    await until(() => newest().open.length === 0, { what: 'all findings to close' });
    expect(newest()).toMatchObject({ closed: [{}, {}, {}], opened: { port_scan: 1, syn_flood: 1, login_attempts: 1 } });
    expect(packetlog.stderr.match(/"finding_opened"/g)).toHaveLength(3);
    await packetlog.end();
  });

  test('ordinary traffic of ab, curl, rsync, ping and resolvers is no finding', async () => {
    const { client, server, link } = suite.network;
    const target = link.server.ipv4;
    const packetlog = await start();
    const newest = await startClient();
    const http = suite.own(await startHttpServer(server, target));
    const rsync = await startRsyncServer(server, target);
    suite.own(rsync.daemon);
    try {
      for (let round = 0; round < 3; round++) {
        await Promise.all([
          abTest(client, target, { requests: 5000, concurrency: 50 }),
          curlPages(client, target, 40),
          syncFiles(client, target, 10),
          monitor(client, target, 10),
          sendUdp(client, { address: target, ports: [53], count: 3000 }),
          sendUdp(client, { address: target, ports: Array.from({ length: 300 }, (_, i) => 40_000 + i), count: 900 }),
        ]);
      }
      const seen = /"seen":\d+/;
      expect(
        await server.exec(
          'env',
          `PACKETLOG_STATE_DIR=${place.env['PACKETLOG_STATE_DIR']}`,
          ...command('status', '--json'),
        ),
      ).toMatch(seen);
      expect(newest().open.map(findingText)).toEqual([]);
      expect(newest().opened).toEqual({ port_scan: 0, host_sweep: 0, login_attempts: 0, syn_flood: 0, icmp_flood: 0 });
      expect(packetlog.stderr).not.toContain('finding_opened');
    } finally {
      rsync.remove();
    }
    await http.end('SIGTERM');
    await packetlog.end();
  });
});

const command = (...args: string[]) => [
  process.execPath,
  fileURLToPath(new URL('../../packages/loader/bin/packetlog', import.meta.url)),
  ...args,
];
