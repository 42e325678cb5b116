/** Alerts of a running loader: real packets, local receivers, and faults in between. Needs root. */
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withLoaderCopy } from '../lab/loader-copy.ts';
import { type LabProcess, PACKETLOG, startPacketlog, startPacketlogWithInput, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { serverPidOf } from '../lab/server-process.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { type CommandResult, makeRulesPlace, type RulesPlace, rulesDone } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const RECEIVER = fileURLToPath(new URL('./alert-receiver.mjs', import.meta.url));
const PORT = 8099;
const UNPRIVILEGED = 65_534;
const ORIGIN = `http://127.0.0.1:${PORT}`;
/** A message may wait 10 s for the budget, and an alert 10 s until it is resolved. */
const PATIENCE = { deadlineMs: 60_000 };

interface Received {
  readonly url: string;
  readonly method: string;
  readonly authorization?: string;
  readonly type: string;
  readonly body: string;
}

interface Webhook {
  readonly version: string;
  readonly status: string;
  readonly truncatedAlerts: number;
  readonly alerts: readonly {
    status: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    fingerprint: string;
  }[];
}

describe.skipIf(!requireRoot())('packetlog alerts', () => {
  const suite = eachWithNetwork({ ipv6: false });
  const copy = withLoaderCopy();
  let place: RulesPlace;
  let receiver: LabProcess;
  beforeEach(async () => {
    place = makeRulesPlace();
    receiver = suite.own(startProcess(suite.network.server, process.execPath, [RECEIVER, String(PORT)]));
    await receiver.untilPrinted(/listening/);
  });
  afterEach(() => place.remove());

  async function start(...more: string[]): Promise<LabProcess> {
    const args = ['--iface', 'server0', '--print', 'none', '--listen', '127.0.0.1:7411', '--ui', 'off', ...more];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  async function alerts(...args: string[]): Promise<CommandResult> {
    const command = suite.own(startPacketlog(suite.network.server, { args: ['alerts', ...args], env: place.env }));
    const { code } = await command.exited;
    return { code, stdout: command.stdout, stderr: command.stderr };
  }

  const received = (): Received[] =>
    receiver.stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Received] : []));
  const webhooks = (path: string) =>
    received()
      .filter(({ url }) => url === path)
      .map(({ body }) => JSON.parse(body) as Webhook);
  const told = (path: string, status: string) =>
    webhooks(path).flatMap((message) => message.alerts.filter((alert) => alert.status === status));
  const listed = async () =>
    JSON.parse((await alerts('list', '--json')).stdout) as {
      alerts: { name: string; state: string; waiting: number; problem?: string }[];
      report: { counts: Record<string, number>; waiting: number };
    };
  const send = (count: number, port = 4000, perSecond?: number) => {
    const address = suite.network.link.server.ipv4;
    return sendUdp(suite.network.client, { address, ports: [port], count, ...(perSecond && { perSecond }) });
  };

  /** Sends packets until the condition holds. */
  async function sendingUntil(condition: () => boolean, what: string, port = 4000): Promise<void> {
    const sent = async () => {
      await send(20, port);
      return condition();
    };
    await until(sent, { what, ...PATIENCE, evidence: () => receiver.stdout });
  }

  async function expectSums(): Promise<void> {
    const { report } = await listed();
    const {
      fired = 0,
      resolved = 0,
      repeated = 0,
      sent = 0,
      suppressed = 0,
      failed = 0,
      discarded = 0,
    } = report.counts;
    expect(fired + resolved + repeated).toBe(sent + suppressed + failed + discarded + report.waiting);
  }

  test('tell of denied packets within seconds, once, and when they have ended', async () => {
    const { server } = suite.network;
    const packetlog = await start();
    await rulesDone(server, place, 'add', 'deny', '192.0.2.1', '--port', '4000', '--protocol', 'udp', '--force');
    const added = await alerts('add', 'denied > 5/s', '--to', `webhook:${ORIGIN}/ok`);
    expect(added).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Alert denied: denied > 5\/s, to webhook:/),
    });
    await alerts('add', 'packets matching "udp dst port 4000" > 5/s', '--to', `webhook:${ORIGIN}/filtered`);
    await sendingUntil(
      () => told('/ok', 'firing').length > 0 && told('/filtered', 'firing').length > 0,
      'the messages',
    );
    expect(webhooks('/ok')[0]).toMatchObject({
      version: '4',
      status: 'firing',
      alerts: [{ labels: { alertname: 'denied', job: 'packetlog' }, annotations: { condition: 'denied > 5/s' } }],
    });
    expect((await listed()).alerts).toMatchObject([
      { name: 'denied', state: 'firing' },
      { name: 'packets', state: 'firing' },
    ]);
    await until(() => told('/ok', 'resolved').length > 0 && told('/filtered', 'resolved').length > 0, {
      what: 'the ends',
      ...PATIENCE,
    });
    expect(told('/ok', 'firing')).toHaveLength(1);
    expect(told('/ok', 'resolved')[0]?.fingerprint).toBe(told('/ok', 'firing')[0]?.fingerprint);
    await expectSums();
    expect(packetlog.stderr).toMatch(/Alert denied: denied > 5\/s; /);
    expect(packetlog.stderr).toMatch(/Alert denied is resolved/);
    const history = await alerts('history');
    expect(history.stdout).toMatch(/fired {5}denied: .*sent {6}denied: HTTP 200: thanks/s);
  });

  test('tell of the share of denied packets, with both numbers, and not of a few on an idle machine', async () => {
    await start();
    await rulesDone(
      suite.network.server,
      place,
      'add',
      'deny',
      'any',
      '--port',
      '4000',
      '--protocol',
      'udp',
      '--force',
    );
    await alerts('add', 'denied > 30%', '--to', `webhook:${ORIGIN}/ok`);
    await alerts('add', 'denied > 2/s', '--name', 'few', '--to', `webhook:${ORIGIN}/few`);
    // All of them are denied, but they are fewer than 100 a second.
    await send(60, 4000, 20);
    await until(() => told('/few', 'firing').length > 0, { what: 'the rate', ...PATIENCE });
    expect(told('/ok', 'firing')).toEqual([]);
    await until(
      async () => {
        await Promise.all([send(400), send(400, 4001)]);
        return told('/ok', 'firing').length > 0;
      },
      { what: 'the share', ...PATIENCE, evidence: () => receiver.stdout },
    );
    const [, percent, denied, all] =
      /^([\d.]+) %: ([\d,]+) of ([\d,]+) packets$/.exec(told('/ok', 'firing')[0]?.annotations['value'] ?? '') ?? [];
    const [part, whole] = [denied, all].map((text = '') => Number(text.replaceAll(',', '')));
    expect(Number(percent)).toBeCloseTo((100 * (part ?? 0)) / (whole ?? 0), 1);
    expect(whole).toBeGreaterThanOrEqual(100);
    await until(() => told('/ok', 'resolved').length > 0, { what: 'the end', ...PATIENCE });
    await expectSums();
  });

  test('tell of a flood from new sources, not of as many packets from a known one', async () => {
    const { client, link } = suite.network;
    await start();
    await alerts('add', 'new sources > 500/s', '--to', `webhook:${ORIGIN}/ok`);
    expect((await listed()).alerts).toMatchObject([{ name: 'new-sources', state: 'unknown' }]);
    // The first 30 s are unknown.
    const isKnown = async () => {
      await send(2000);
      return (await listed()).alerts[0]?.state !== 'unknown';
    };
    await until(isKnown, { what: 'the rate', ...PATIENCE });
    await send(2000);
    expect(told('/ok', 'firing')).toEqual([]);
    // hping3 exits with 1 if there was no answer.
    const flood = ['-S', '-p', '443', '--rand-source', '-i', 'u500', '-c', '4000', '-q', link.server.ipv4];
    await client.exec('hping3', ...flood).catch(() => undefined);
    await until(() => told('/ok', 'firing').length > 0, { what: 'the message', ...PATIENCE });
    const [, rate = ''] = /^([\d,]+)\/s$/.exec(told('/ok', 'firing')[0]?.annotations['value'] ?? '') ?? [];
    // At most one source for each packet.
    expect(Number(rate.replaceAll(',', ''))).toBeGreaterThan(500);
    expect(Number(rate.replaceAll(',', ''))).toBeLessThanOrEqual(4000);
    await until(() => told('/ok', 'resolved').length > 0, { what: 'the end', ...PATIENCE });
    await expectSums();
  });

  test('run a command of another user, which gets them on its standard input', async () => {
    const { server } = suite.network;
    await start();
    const directory = mkdtempSync(join(tmpdir(), 'packetlog-alert-command-'));
    try {
      const [secret, output] = [join(directory, 'token'), join(directory, 'out')];
      for (const [path, text] of [
        [secret, `${'t'.repeat(32)}\n`],
        [output, ''],
      ] as const) {
        writeFileSync(path, text, { mode: 0o600 });
        chownSync(path, UNPRIVILEGED, UNPRIVILEGED);
      }
      chmodSync(directory, 0o711);
      const user = ['--reuid', `${UNPRIVILEGED}`, '--regid', `${UNPRIVILEGED}`, '--clear-groups', '--inh-caps=-all'];
      const command = [copy.node, copy.packetlog, 'alerts', 'exec', '--secret-file', secret, '--timeout', '1m'];
      const script = 'id -u >> "$1"; cat >> "$1"; echo >> "$1"; grep -q firing "$1" && [ ! -e "$2" ]';
      const runner = suite.own(
        startProcess(server, 'setpriv', [
          ...user,
          ...command,
          '--',
          ...['sh', '-c', script, 'sh', output, join(directory, 'fails')],
        ]),
      );
      await runner.untilPrinted(/Waiting for alerts at http:\/\/127\.0\.0\.1:7412\/; each runs sh/);
      const added = await alerts(
        'add',
        'packets > 5/s',
        '--to',
        'webhook:http://127.0.0.1:7412/',
        '--secret-file',
        secret,
      );
      expect(added).toMatchObject({ code: 0 });
      await sendingUntil(() => readFileSync(output, 'utf8').includes('"firing"'), 'the message');
      const [uid, message = ''] = readFileSync(output, 'utf8').split('\n');
      expect(uid).toBe(`${UNPRIVILEGED}`);
      expect(JSON.parse(message)).toMatchObject({
        version: '4',
        alerts: [{ annotations: { condition: 'packets > 5/s' } }],
      });
      writeFileSync(join(directory, 'fails'), '');
      expect(await alerts('test', 'packets')).toMatchObject({ code: 1, stdout: expect.stringContaining('HTTP 500') });
      expect(runner.stderr).toContain('Alert not handled: the command failed: exit code 1.');
      const asRoot = suite.own(startProcess(server, command[0] ?? '', [...command.slice(1), '--', 'true']));
      await asRoot.exited;
      expect(asRoot.stderr).toContain('a message could then run the command with all rights');
      expect(await runner.end()).toEqual({ code: 0, signal: null });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('that cannot be delivered are sent again until they can, whatever the target does', async () => {
    await start();
    const faults = ['500', 'hang', 'close', 'redirect'];
    for (const fault of faults) {
      await alerts('add', 'packets > 5/s', '--name', fault, '--to', `webhook:${ORIGIN}/${fault}`);
    }
    await alerts('add', 'packets > 5/s', '--name', 'switch', '--to', `webhook:${ORIGIN}/switch`);
    const attempts = (path: string) => received().filter(({ url }) => url === path).length;
    await sendingUntil(() => attempts('/switch') > 1 && faults.every((fault) => attempts(`/${fault}`) > 1), 'attempts');
    expect(attempts('/ok-elsewhere')).toBe(0);
    const problems = Object.fromEntries((await listed()).alerts.map(({ name, problem }) => [name, problem]));
    expect(problems).toEqual({
      500: 'HTTP 500: broken \\x1b[31minside',
      hang: 'no answer within 10 s',
      close: 'socket hang up',
      redirect: 'HTTP 302 (redirects are not followed)',
      switch: 'HTTP 500: broken \\x1b[31minside',
    });
    await suite.network.server.exec(process.execPath, '-e', `await fetch('${ORIGIN}/repair', { method: 'POST' })`);
    const isDelivered = async () => (await listed()).report.counts['sent'] === 1;
    await until(isDelivered, { what: 'the message after the repair', ...PATIENCE });
    expect(webhooks('/switch').at(-1)?.alerts).toMatchObject([{ labels: { alertname: 'switch' }, status: 'firing' }]);
    const { stdout } = await alerts('list');
    expect(stdout).toMatch(/1 event waits for this target/);
    await expectSums();
  });

  test('survive SIGKILL of the server process and of the core', async () => {
    const { server } = suite.network;
    const packetlog = await start();
    await alerts('add', 'packets > 5/s', '--name', 'waits', '--to', `webhook:${ORIGIN}/switch`);
    await sendingUntil(() => webhooks('/switch').length > 0, 'an attempt');
    process.kill(serverPidOf(packetlog.pid), 'SIGKILL');
    await packetlog.untilPrinted(/server process was ended by SIGKILL/);
    const before = webhooks('/switch').length;
    await until(() => webhooks('/switch').length > before, { what: 'an attempt of the new server', ...PATIENCE });
    process.kill(packetlog.pid, 'SIGKILL');
    await packetlog.exited;
    await server.exec(process.execPath, '-e', `await fetch('${ORIGIN}/repair', { method: 'POST' })`);
    const delivered = webhooks('/switch').length;
    await start();
    await until(() => webhooks('/switch').length > delivered, { what: 'the message after the restart', ...PATIENCE });
    expect(webhooks('/switch').at(-1)?.alerts[0]).toMatchObject({ labels: { alertname: 'waits' }, status: 'firing' });
    const { report } = await listed();
    expect(report.counts).toMatchObject({ fired: 1, sent: 1, failed: 0 });
    await expectSums();
  });

  test('have secrets that are in no argument, message, log or answer', async () => {
    const packetlog = await start();
    const secret = place.path('secret.txt');
    writeFileSync(secret, 'hunter2-token\n', { mode: 0o644 });
    const to = `webhook:${ORIGIN}/ok`;
    expect(await alerts('add', 'packets > 5/s', '--to', to, '--secret-file', secret)).toMatchObject({
      ...{ code: 2, stderr: expect.stringMatching(/others than its owner may access it.*chmod 600/s) },
    });
    writeFileSync(place.path('private.txt'), 'hunter2-token\n', { mode: 0o600 });
    const added = await alerts('add', 'lost > 5/s', '--to', to, '--secret-file', place.path('private.txt'), '--json');
    expect(added.code).toBe(0);
    const fed = suite.own(
      startPacketlogWithInput(suite.network.server, {
        args: ['alerts', 'add', 'lost > 5/s', '--name', 'chat', '--to', 'slack', '--secret-stdin'],
        env: place.env,
      }),
    );
    await fed.write(`${ORIGIN}/ok/hunter2-url\n`);
    fed.endInput();
    expect(await fed.exited).toMatchObject({ code: 0 });

    expect(await alerts('test', 'lost')).toMatchObject({ code: 0, stdout: `Accepted by ${to}: HTTP 200: thanks\n` });
    expect(await alerts('test', 'chat')).toMatchObject({
      code: 0,
      stdout: `Accepted by slack:${ORIGIN}/***: HTTP 200: thanks\n`,
    });
    expect(received().map(({ url, authorization }) => [url, authorization])).toEqual([
      ['/ok', 'Bearer hunter2-token'],
      ['/ok/hunter2-url', undefined],
    ]);
    expect(received()[0]?.body).toMatch(/Test of alert lost: nothing has happened/);
    const shown = await Promise.all([alerts('list'), alerts('list', '--json'), alerts('history', '--json')]);
    const status = await suite.network.server.exec(
      'env',
      `PACKETLOG_STATE_DIR=${place.directory}`,
      process.execPath,
      PACKETLOG,
      'status',
      '--json',
    );
    expect(JSON.stringify([added, fed.stdout, fed.stderr, shown, status, packetlog.stderr])).not.toMatch(/hunter2/);
    expect(shown[0]?.stdout).toMatch(/to slack:http:\/\/127.0.0.1:8099\/\*\*\*/);
    expect(shown[0]?.stdout).toMatch(/authorization \*\*\*/);
    for (const file of ['alerts.json', 'alerts.state.json'])
      expect(statSync(place.path(file)).mode & 0o777).toBe(0o600);
    expect(readFileSync(place.path('alerts.state.json'), 'utf8')).not.toMatch(/hunter2/);
    expect(await alerts('remove', 'lost', 'chat')).toMatchObject({ code: 0 });
    expect(readFileSync(place.path('alerts.json'), 'utf8')).not.toMatch(/hunter2/);
  });

  test('tell of an interface that does not exist, and know the free space', async () => {
    await start('--iface', 'not-there0', '--wait-for-interfaces');
    await alerts('add', 'interface missing', '--to', `webhook:${ORIGIN}/ok`);
    await alerts('add', 'disk < 0.001%', '--to', `webhook:${ORIGIN}/ok`);
    await until(() => told('/ok', 'firing').length > 0, { what: 'the message', ...PATIENCE });
    expect(told('/ok', 'firing')[0]).toMatchObject({
      labels: { alertname: 'interface-missing' },
      annotations: { value: 'not-there0 (waiting)' },
    });
    const hasDisk = async () => /% of \/\S+ is free/.test((await alerts('list')).stdout);
    await until(hasDisk, { what: 'the free space', ...PATIENCE });
    expect((await listed()).alerts).toMatchObject([{ state: 'firing' }, { state: 'ok' }]);
  });

  test('are rejected with what to write, and exit codes', async () => {
    await start();
    const to = `webhook:${ORIGIN}/ok`;
    expect(await alerts('add', 'deny > 5', '--to', to)).toMatchObject({
      ...{ code: 2, stderr: expect.stringMatching(/does not begin with a measure: write one of packets/) },
    });
    expect(await alerts('add', 'lost > 5', '--to', 'slack:https://hooks.example/x')).toMatchObject({ code: 2 });
    expect(await alerts('add', 'lost > 5', '--to', 'pigeon:x')).toMatchObject({ code: 2 });
    expect(await alerts('add', 'recorder stopped', '--to', to)).toMatchObject({ code: 2 });
    expect(await alerts('test', 'nothing')).toMatchObject({ code: 5 });
    expect(await alerts('list')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^No alerts\. To add one/) });
  });
});
