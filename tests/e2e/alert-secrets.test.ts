/** Alerts with secrets, and a command of another user that gets them. Needs root. */
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withLoaderCopy } from '../lab/loader-copy.ts';
import { PACKETLOG, startPacketlogWithInput, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { eachWithAlerts, ORIGIN } from './alerts-lab.ts';

const UNPRIVILEGED = 65_534;

describe.skipIf(!requireRoot())('packetlog alerts', () => {
  const lab = eachWithAlerts();
  const copy = withLoaderCopy();

  test('run a command of another user, which gets them on its standard input', async () => {
    const { server } = lab.network;
    await lab.start();
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
      const runner = lab.own(
        startProcess(server, 'setpriv', [
          ...user,
          ...command,
          '--',
          ...['sh', '-c', script, 'sh', output, join(directory, 'fails')],
        ]),
      );
      await runner.untilPrinted(/Waiting for alerts at http:\/\/127\.0\.0\.1:7412\/; each runs sh/);
      const added = await lab.alerts(
        'add',
        'packets > 5/s',
        '--to',
        'webhook:http://127.0.0.1:7412/',
        '--secret-file',
        secret,
      );
      expect(added).toMatchObject({ code: 0 });
      await lab.sendingUntil(() => readFileSync(output, 'utf8').includes('"firing"'), 'the message');
      const [uid, message = ''] = readFileSync(output, 'utf8').split('\n');
      expect(uid).toBe(`${UNPRIVILEGED}`);
      expect(JSON.parse(message)).toMatchObject({
        version: '4',
        alerts: [{ annotations: { condition: 'packets > 5/s' } }],
      });
      writeFileSync(join(directory, 'fails'), '');
      expect(await lab.alerts('test', 'packets')).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('HTTP 500'),
      });
      expect(runner.stderr).toContain('Alert not handled: the command failed: exit code 1.');
      const asRoot = lab.own(startProcess(server, command[0] ?? '', [...command.slice(1), '--', 'true']));
      await asRoot.exited;
      expect(asRoot.stderr).toContain('a message could then run the command with all rights');
      expect(await runner.end()).toEqual({ code: 0, signal: null });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('have secrets that are in no argument, message, log or answer', async () => {
    const packetlog = await lab.start();
    const secret = lab.place.path('secret.txt');
    writeFileSync(secret, 'hunter2-token\n', { mode: 0o644 });
    const to = `webhook:${ORIGIN}/ok`;
    expect(await lab.alerts('add', 'packets > 5/s', '--to', to, '--secret-file', secret)).toMatchObject({
      ...{ code: 2, stderr: expect.stringMatching(/others than its owner may access it.*chmod 600/s) },
    });
    writeFileSync(lab.place.path('private.txt'), 'hunter2-token\n', { mode: 0o600 });
    const added = await lab.alerts(
      'add',
      'lost > 5/s',
      '--to',
      to,
      '--secret-file',
      lab.place.path('private.txt'),
      '--json',
    );
    expect(added.code).toBe(0);
    const fed = lab.own(
      startPacketlogWithInput(lab.network.server, {
        args: ['alerts', 'add', 'lost > 5/s', '--name', 'chat', '--to', 'slack', '--secret-stdin'],
        env: lab.place.env,
      }),
    );
    await fed.write(`${ORIGIN}/ok/hunter2-url\n`);
    fed.endInput();
    expect(await fed.exited).toMatchObject({ code: 0 });

    expect(await lab.alerts('test', 'lost')).toMatchObject({
      code: 0,
      stdout: `Accepted by ${to}: HTTP 200: thanks\n`,
    });
    expect(await lab.alerts('test', 'chat')).toMatchObject({
      code: 0,
      stdout: `Accepted by slack:${ORIGIN}/***: HTTP 200: thanks\n`,
    });
    expect(lab.received().map(({ url, authorization }) => [url, authorization])).toEqual([
      ['/ok', 'Bearer hunter2-token'],
      ['/ok/hunter2-url', undefined],
    ]);
    expect(lab.received()[0]?.body).toMatch(/Test of alert lost: nothing has happened/);
    const shown = await Promise.all([
      lab.alerts('list'),
      lab.alerts('list', '--json'),
      lab.alerts('history', '--json'),
    ]);
    const status = await lab.network.server.exec(
      'env',
      `PACKETLOG_STATE_DIR=${lab.place.directory}`,
      process.execPath,
      PACKETLOG,
      'status',
      '--json',
    );
    expect(JSON.stringify([added, fed.stdout, fed.stderr, shown, status, packetlog.stderr])).not.toMatch(/hunter2/);
    expect(shown[0]?.stdout).toMatch(/to slack:http:\/\/127.0.0.1:8099\/\*\*\*/);
    expect(shown[0]?.stdout).toMatch(/authorization \*\*\*/);
    for (const file of ['alerts.json', 'alerts.state.json'])
      expect(statSync(lab.place.path(file)).mode & 0o777).toBe(0o600);
    expect(readFileSync(lab.place.path('alerts.state.json'), 'utf8')).not.toMatch(/hunter2/);
    expect(await lab.alerts('remove', 'lost', 'chat')).toMatchObject({ code: 0 });
    expect(readFileSync(lab.place.path('alerts.json'), 'utf8')).not.toMatch(/hunter2/);
  });
});
