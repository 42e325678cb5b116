/** Alerts in a real Alertmanager, and its webhook beside that of PacketLog. Needs root. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type LabProcess, startPacketlog, startProcess } from '../lab/process.ts';
import { programPath } from '../lab/program.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { makeRulesPlace } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const RECEIVER = fileURLToPath(new URL('./alert-receiver.mjs', import.meta.url));
const RECEIVER_PORT = 8099;
const HOOK = `http://127.0.0.1:${RECEIVER_PORT}`;
const MANAGER_PORT = 9093;
const MANAGER = `http://127.0.0.1:${MANAGER_PORT}`;
/** Debian's Alertmanager opens its templates below /usr/share: they are put there in its own mount namespace. */
const WITH_TEMPLATES = 'mount -t tmpfs none /usr/share; cp -r "$0" /usr/share/prometheus; exec "$@"';
const PATIENCE = { deadlineMs: 90_000 };

interface Webhook extends Record<string, unknown> {
  readonly status: string;
  readonly alerts: readonly { readonly labels: Record<string, string>; readonly annotations: Record<string, string> }[];
}

describe.skipIf(!requireRoot())('an alert', () => {
  const suite = eachWithNetwork({ ipv6: false });

  /** Groups at once, and sends to the receiver. */
  function startManager(directory: string): LabProcess {
    const program = programPath('usr/bin/prometheus-alertmanager');
    const configuration = {
      route: { receiver: 'hook', group_wait: '0s', group_interval: '1s', repeat_interval: '1h' },
      receivers: [{ name: 'hook', webhook_configs: [{ url: `${HOOK}/manager`, send_resolved: true }] }],
    };
    const file = join(directory, 'alertmanager.yml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(configuration));
    const args = [`--config.file=${file}`, `--storage.path=${join(directory, 'data')}`, '--cluster.listen-address='];
    const all = [...args, `--web.listen-address=127.0.0.1:${MANAGER_PORT}`];
    const templates = join(dirname(program), '../share/prometheus');
    return startProcess(suite.network.server, 'unshare', [
      '--mount',
      'sh',
      '-ec',
      WITH_TEMPLATES,
      templates,
      program,
      ...all,
    ]);
  }

  test('fires and is resolved in Alertmanager, whose webhook has the fields of PacketLog', async () => {
    const { server, client, link } = suite.network;
    const place = makeRulesPlace();
    const directory = mkdtempSync(join(tmpdir(), 'packetlog-alertmanager-'));
    try {
      const receiver = suite.own(startProcess(server, process.execPath, [RECEIVER, String(RECEIVER_PORT)]));
      await receiver.untilPrinted(/listening/);
      const manager = suite.own(startManager(directory));
      await manager.untilPrinted(/Listening|address/);
      const args = ['--iface', 'server0', '--print', 'none', '--listen', '127.0.0.1:7411', '--ui', 'off'];
      const packetlog = suite.own(startPacketlog(server, { args, env: place.env }));
      await packetlog.untilPrinted(/Waiting for Ctrl-C/);
      const add = async (name: string, to: string) => {
        const given = ['alerts', 'add', 'packets > 5/s', '--name', name, '--to', to];
        const command = suite.own(startPacketlog(server, { args: given, env: place.env }));
        expect(await command.exited).toMatchObject({ code: 0 });
      };
      await add('managed', `alertmanager:${MANAGER}`);
      await add('direct', `webhook:${HOOK}/direct`);

      const hooks = (path: string): Webhook[] =>
        receiver.stdout
          .split('\n')
          .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as { url: string; body: string }] : []))
          .flatMap(({ url, body }) => (url === path ? [JSON.parse(body) as Webhook] : []));
      const has = (path: string, status: string) => hooks(path).some((hook) => hook.status === status);
      const fires = async () => {
        await sendUdp(client, { address: link.server.ipv4, ports: [4000], count: 20 });
        return has('/manager', 'firing') && has('/direct', 'firing');
      };
      await until(fires, { what: 'both messages', ...PATIENCE, evidence: () => manager.stderr });
      const script = `console.log(await (await fetch('${MANAGER}/api/v2/alerts')).text())`;
      const [alert, ...others] = JSON.parse(await server.exec(process.execPath, '-e', script)) as unknown[];
      expect(others).toEqual([]);
      expect(alert).toMatchObject({
        labels: { alertname: 'managed', job: 'packetlog' },
        annotations: { condition: 'packets > 5/s', summary: 'Firing: managed' },
        status: { state: 'active' },
        generatorURL: 'http://127.0.0.1:7411',
      });

      const [theirs] = hooks('/manager');
      const [ours] = hooks('/direct');
      expect(Object.keys(ours ?? {}).sort()).toEqual(Object.keys(theirs ?? {}).sort());
      expect(Object.keys(ours?.alerts[0] ?? {}).sort()).toEqual(Object.keys(theirs?.alerts[0] ?? {}).sort());
      expect(theirs?.['version']).toBe(ours?.['version']);
      expect(theirs?.alerts[0]?.annotations).toMatchObject({ condition: 'packets > 5/s' });
      const end = () => has('/manager', 'resolved') && has('/direct', 'resolved');
      await until(end, { what: 'both ends', ...PATIENCE, evidence: () => manager.stderr });
      expect(manager.stderr).not.toMatch(/level=(?:warn|error)/);
    } finally {
      place.remove();
      rmSync(directory, { recursive: true });
    }
  });
});
