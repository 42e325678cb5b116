/**
 * Metrics of the real loader: a real Prometheus scrapes them, and its sums are compared with what was sent. Evaluates
 * every expression of the shipped dashboard and alert rules. Needs root.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CertificatePlace, makeCertificatePlace } from '../lab/certificate.ts';
import { run } from '../lab/command.ts';
import { LAB_ADMIN_TOKEN, LAB_TOKEN, type LabProcess, startPacketlog } from '../lab/process.ts';
import { programPath } from '../lab/program.ts';
import { requireRoot } from '../lab/root.ts';
import { forwardPort, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { makeRulesPlace, type RulesPlace, rules } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const RULES = path('deploy/prometheus/packetlog.rules.yml');
const DASHBOARD = path('deploy/grafana/packetlog.json');
const METRICS_DOC = path('docs/metrics.md');
const METRICS_PORT = 9741;
const PERMITTED = 4000;
const DENIED = 2500;
const PAYLOAD = 32;
const FRAME = 14 + 20 + 8 + PAYLOAD;

describe.skipIf(!requireRoot())('the metrics', () => {
  const suite = eachWithNetwork();
  let place: RulesPlace;
  let certificates: CertificatePlace;
  let prometheus: Prometheus | undefined;
  beforeEach(() => {
    place = makeRulesPlace();
    certificates = makeCertificatePlace();
  });
  afterEach(async () => {
    await prometheus?.close();
    prometheus = undefined;
    place.remove();
    certificates.remove();
  });

  async function start(...args: string[]): Promise<LabProcess> {
    const { server, link } = suite.network;
    const always = ['--iface', link.server.device, '--ui', 'off', '--print', 'none'];
    const packetlog = suite.own(startPacketlog(server, { args: [...always, ...args], env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  test('scraped by Prometheus over TLS with the token are the sums that were sent; its rules and the dashboard have data', async () => {
    const { server, client, link } = suite.network;
    // An address that other machines reach, but scraped from inside: no packet of the scrapes is on the wire.
    const target = `${link.server.ipv4}:${METRICS_PORT}`;
    const { cert, key } = await certificates.make('metrics', `IP:${link.server.ipv4}`);
    const tls = ['--tls-cert', cert, '--tls-key', key];
    const packetlog = await start('--metrics', target, '--listen', '127.0.0.1:0', ...tls, '--record', 'on');
    expect(packetlog.stderr).toContain(`Metrics: https://${target}/metrics\nWaiting`);
    expect((await rules(server, place, 'add', 'deny', link.client.ipv4, '--protocol', 'udp', '--port', '9')).code).toBe(
      0,
    );
    const job = (name: string, authorization?: object) => ({
      job_name: name,
      scrape_interval: '1s',
      scrape_timeout: '1s',
      scheme: 'https',
      tls_config: { ca_file: cert },
      static_configs: [{ targets: [target] }],
      ...(authorization === undefined ? {} : { authorization }),
    });
    prometheus = await startPrometheus(server, {
      global: { evaluation_interval: '1s' },
      rule_files: [RULES],
      scrape_configs: [
        job('packetlog', { credentials: LAB_TOKEN }),
        job('wrong', { credentials: LAB_ADMIN_TOKEN }),
        job('none'),
      ],
    });
    const { value, query } = prometheus;
    // A counter has to be scraped before it grows: otherwise rates do not see the growth.
    await until(() => value('sum(packetlog_seen_packets_total)'), { what: 'the first scrape' });

    const udp = { address: link.server.ipv4, payloadBytes: PAYLOAD, perSecond: 4000 };
    expect((await sendUdp(client, { ...udp, count: PERMITTED, ports: [53] })).sent).toBe(PERMITTED);
    expect((await sendUdp(client, { ...udp, count: DENIED, ports: [9] })).sent).toBe(DENIED);
    const total = PERMITTED + DENIED;
    const device = `interface="${link.server.device}"`;
    const evidence = () => packetlog.stderr;
    await until(async () => (await value(`packetlog_seen_packets_total{${device}}`)) === total, {
      what: 'all packets',
      evidence,
    });

    const verdict = (action: string) => value(`packetlog_verdict_packets_total{${device},action="${action}"}`);
    expect(await Promise.all(['permit', 'deny', 'aborted'].map(verdict))).toEqual([PERMITTED, DENIED, 0]);
    expect(await value(`packetlog_seen_bytes_total{${device}}`)).toBe(total * FRAME);
    expect(await value(`packetlog_denied_bytes_total{${device}}`)).toBe(DENIED * FRAME);
    expect(await value('sum(packetlog_kernel_packets_total)')).toBe(total);
    expect(await value('packetlog_rule_packets_total{action="deny"}')).toBe(DENIED);
    expect(await value('packetlog_rule_bytes_total{action="deny"}')).toBe(DENIED * FRAME);
    expect((await link.server.counters()).rx.packets).toBe(total);
    // At every hop: offered = outcomes + pending. All from one scrape, hence from one report.
    for (const hop of ['ring', 'queue', 'clients']) {
      const sum = `sum(packetlog_hop_records_total{hop="${hop}"}) + sum(packetlog_hop_pending_records{hop="${hop}"})`;
      expect(await value(`${sum} - sum(packetlog_hop_offered_records_total{hop="${hop}"})`), hop).toBe(0);
    }
    const recorder = 'sum(packetlog_recorder_records_total) + sum(packetlog_recorder_pending_records)';
    expect(await value(`${recorder} - sum(packetlog_recorder_offered_records_total)`)).toBe(0);
    const recorded = await value(`packetlog_kernel_packets_total{${device},outcome="recorded"}`);
    await until(async () => (await value('sum(packetlog_protocol_packets_total)')) === recorded, {
      what: 'all records',
    });
    await until(async () => (await value('packetlog_recorder_records_total{outcome="recorded"}')) === recorded, {
      what: 'all records on the disk',
    });
    expect(await value('packetlog_protocol_bytes_total{protocol="udp"}')).toBe((recorded ?? 0) * FRAME);

    const up = await query('up');
    expect(Object.fromEntries(up.map(({ metric, value: [, text] }) => [metric['job'], text]))).toEqual({
      packetlog: '1',
      wrong: '0',
      none: '0',
    });

    const states = await until(
      async () => {
        const all = (await prometheus?.rules()) ?? [];
        return all.every(({ health }) => health !== 'unknown') && all;
      },
      { what: 'the alert rules to be evaluated' },
    );
    expect(states.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(states.length).toBeGreaterThan(10);
    expect((await query('ALERTS{job="packetlog"}')).map(({ metric }) => metric['alertname'])).toEqual([]);

    // Rates need two scrapes in their window.
    await until(() => value('sum(rate(packetlog_rule_packets_total[1m])) > 0'), { what: 'rates' });
    const empty: string[] = [];
    for (const expression of [...dashboardExpressions(), ...selectors(readFileSync(RULES, 'utf8'))]) {
      if ((await query(expression)).length === 0) empty.push(expression);
    }
    expect(empty).toEqual([]);
    await packetlog.end();
  }, 120_000);

  test('on the port of the socket need the token; names and docs agree, and promtool has no objection', async () => {
    const packetlog = await start('--metrics', 'same', '--listen', '127.0.0.1:0');
    const [, url = ''] = await packetlog.untilPrinted(/Metrics: (http:\S+)/);
    expect(packetlog.stderr).not.toMatch(/warning/i);
    const forward = await forwardPort(suite.network.server, Number(new URL(url).port));
    try {
      expect((await fetch(url)).status).toBe(401);
      const response = await fetch(url, { headers: { Authorization: `Bearer ${LAB_TOKEN}` } });
      expect(response.status).toBe(200);
      const text = await response.text();
      expect(await run(programPath('usr/bin/promtool'), ['check', 'metrics'], text)).toBe('');
      const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name).sort();
      const documented = [...readFileSync(METRICS_DOC, 'utf8').matchAll(/^\| `(packetlog_\w+)`/gm)].map(
        ([, name]) => name,
      );
      expect(documented.sort()).toEqual(names);
    } finally {
      await forward.close();
    }
    await packetlog.end();
  });

  test('at an exposed address without TLS are warned about; without a server they are an error', async () => {
    const { server, link } = suite.network;
    const fails = async (...args: string[]) => {
      const packetlog = suite.own(
        startPacketlog(server, { args: ['--iface', link.server.device, ...args], env: place.env }),
      );
      const { code } = await packetlog.exited;
      return { code, stderr: packetlog.stderr };
    };
    expect(await fails('--listen', 'off', '--metrics', '9741')).toEqual({
      code: 2,
      stderr: expect.stringContaining('serve metrics: with --listen off there is no server. Remove --listen off'),
    });
    const exposed = await start('--metrics', '0.0.0.0:9741', '--listen', '127.0.0.1:0');
    expect(exposed.stderr).toContain(
      'Metrics: http://localhost:9741/metrics\nWarning: other machines can reach the metrics',
    );
    await exposed.end();
    expect(await fails('--metrics', 'everywhere')).toEqual({
      code: 2,
      stderr: expect.stringContaining('Write HOST:PORT, for example localhost:9741, or same, or off.'),
    });
  });

  test('the shipped rules, their unit tests and the scrape configuration pass promtool', async () => {
    const check = (...args: string[]) => run(programPath('usr/bin/promtool'), args);
    await check('check', 'rules', RULES);
    await check('test', 'rules', path('deploy/prometheus/packetlog.rules.test.yml'));
    await check('check', 'config', '--syntax-only', path('deploy/prometheus/packetlog.yml'));
  });
});

/** Returns the expressions of all panels, with Grafana's variables replaced as Grafana replaces them. */
function dashboardExpressions(): string[] {
  const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as { panels: { targets?: { expr: string }[] }[] };
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  expect(expressions.length).toBeGreaterThan(20);
  return expressions.map((expr) => expr.replaceAll('$instance', '.+').replaceAll('$__rate_interval', '1m'));
}

/** Returns the selectors in alert rules: an alert itself has no series while nothing is wrong. */
function selectors(rulesFile: string): string[] {
  const expressions = [...rulesFile.matchAll(/expr: (?:\|\n((?:\s{10,}.*\n)+)|(.*))/g)].map(
    ([, block, line]) => block ?? line ?? '',
  );
  expect(expressions.length).toBe([...rulesFile.matchAll(/- alert:/g)].length);
  return [...new Set(expressions.flatMap((expr) => expr.match(/\b(?:packetlog_\w+|up)(?:\{[^}]*\})?/g) ?? []))];
}
