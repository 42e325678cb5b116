/** Core and server as two services with their users; the service manager is simulated, see tests/package/boot.sh. Needs root. */
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { withLoaderCopy } from '../lab/loader-copy.ts';
import type { Namespace } from '../lab/namespace.ts';
import { createPinPlace } from '../lab/pin-place.ts';
import { LAB_ADMIN_TOKEN, LAB_TOKEN, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { readJsonOutput } from './console-output.ts';
import { startCrowd } from './crowd.ts';
import { eachWithNetwork } from './suite.ts';

const RECEIVER = fileURLToPath(new URL('./notify-receiver.pl', import.meta.url));
const ALERT_RECEIVER = fileURLToPath(new URL('./alert-receiver.mjs', import.meta.url));
/** Users that the machine does not have. */
const CORE_UID = 64_001;
const SERVER_UID = 64_002;
const CORE_CAPABILITIES = '+bpf,+net_admin,+perfmon';
const ADDRESS = '192.0.2.2';
const NO_CAPABILITY = '0000000000000000';

describe.skipIf(!requireRoot())('as two services', () => {
  const suite = eachWithNetwork();
  const readable = withLoaderCopy();

  test('the server connects with its own user, serves rows and signs of life, and is replaced without harm', async () => {
    const root = mkdtempSync(join(tmpdir(), 'packetlog-services-'));
    const place = await createPinPlace();
    try {
      const [state, runtime] = [join(root, 'state'), join(root, 'runtime')];
      for (const directory of [state, runtime]) mkdirSync(directory, { mode: directory === state ? 0o700 : 0o750 });
      for (const path of [state, runtime, place.path]) chownSync(path, CORE_UID, CORE_UID);
      chmodSync(root, 0o755);
      const { server, client } = suite.network;
      const socket = join(runtime, 'socket');
      const env = {
        ...{
          PACKETLOG_STATE_DIR: state,
          PACKETLOG_BPFFS: place.path,
          PACKETLOG_PIN: 'never',
          PACKETLOG_MODE: 'native',
        },
        ...{ PACKETLOG_TOKEN: LAB_TOKEN, PACKETLOG_ADMIN_TOKEN: LAB_ADMIN_TOKEN, PACKETLOG_SERVER_SOCKET: socket },
      };
      const rights = ['--bounding-set', '--inh-caps', '--ambient-caps'].map(
        (set) => `${set}=-all,${CORE_CAPABILITIES}`,
      );
      const asCore = [
        '--reuid',
        `${CORE_UID}`,
        '--regid',
        `${CORE_UID}`,
        '--clear-groups',
        '--no-new-privs',
        ...rights,
      ];
      const { node, packetlog, loader } = readable;
      const service = join(loader, 'dist/supervisor/server-service.js');
      const run = ['run', '--iface', 'server0', '--print', 'json', '--listen', '127.0.0.1:7411', '--ui', 'off'];
      const core = suite.own(startProcess(server, 'setpriv', [...asCore, node, packetlog, ...run], env));
      await core.untilPrinted(/Waiting for Ctrl-C/);
      const asServer = ['--reuid', `${SERVER_UID}`, '--regid', `${SERVER_UID}`, '--groups', `${CORE_UID}`];
      const dropped = ['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all', '--no-new-privs'];
      const start = (notify: string) =>
        suite.own(
          startProcess(server, 'setpriv', [...asServer, ...dropped, node, service, socket], {
            NOTIFY_SOCKET: notify,
            WATCHDOG_USEC: '900000',
          }),
        );
      const notify = join(root, 'notify');
      const manager = suite.own(startProcess(server, 'perl', [RECEIVER, notify]));
      await manager.untilPrinted(/listening/);
      chmodSync(notify, 0o666);

      const descriptors = () => readdirSync(`/proc/${core.pid}/fd`).length;
      const unused = descriptors();
      await connectAndLeave(socket, core.pid);
      await core.untilPrinted(/server process could not serve/);
      expect(descriptors()).toBe(unused);

      let sent = 0;
      for (const round of [1, 2]) {
        const running = start(notify);
        await manager.until(
          ({ stdout }) => stdout.split('READY=1 STATUS=Serving').length > round,
          'READY of the server',
        );
        const seen = manager.stdout.length;
        await manager.until(({ stdout }) => stdout.slice(seen).split('WATCHDOG=1').length > 2, 'signs of life');
        const status = readFileSync(`/proc/${running.pid}/status`, 'utf8');
        expect(status).toMatch(new RegExp(`^Uid:\\t${SERVER_UID}\\t${SERVER_UID}\\t`, 'm'));
        for (const set of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
          expect(status).toMatch(new RegExp(`^${set}:\\t${NO_CAPABILITY}$`, 'm'));
        }
        const crowd = await startCrowd(server);
        const origin = 'http://127.0.0.1:7411';
        await crowd.ask('connect', {
          origin,
          token: LAB_TOKEN,
          count: 1,
          subscription: { max_rows_per_second: 1_000_000 },
        });
        await sendUdp(client, { address: ADDRESS, count: 300 });
        sent += 300;
        await until(async () => (await crowd.accounts())[0]?.received === 300, { what: 'the rows of this round' });
        await expectAlertSent(server, join(state, 'control.sock'));
        if (round === 1) {
          process.kill(running.pid, 'SIGKILL');
          await core.untilPrinted(/server process closed its connection. The service manager restarts it/);
        } else {
          expect(await running.end('SIGTERM')).toEqual({ code: 75, signal: null });
        }
      }
      await core.end();
      const { records, ledger } = readJsonOutput(core.stdout);
      expect(records.filter(({ dst_port }) => dst_port === 9)).toHaveLength(sent);
      expect(ledger.delivered.dropped).toBe(0);
    } finally {
      await place.dispose();
      rmSync(root, { recursive: true, force: true });
    }
  });
});

/** The core has no network: its server sends the message of an alert. */
async function expectAlertSent(at: Namespace, controlSocket: string): Promise<void> {
  const receiver = startProcess(at, process.execPath, [ALERT_RECEIVER, '8099']);
  try {
    await receiver.untilPrinted(/listening/);
    const target = { type: 'webhook', url: 'http://127.0.0.1:8099/ok', is_secret: false, authorization: 'Bearer x' };
    await askAlerts(controlSocket, 'add', { name: 'by-server', condition: 'lost > 5/s', target });
    expect(await askAlerts(controlSocket, 'test', { name: 'by-server' })).toMatchObject({
      ok: true,
      value: { was_accepted: true, text: 'HTTP 200: thanks' },
    });
    expect(receiver.stdout).toMatch(/"authorization":"Bearer x".*Test of alert by-server/);
    await askAlerts(controlSocket, 'remove', { names: ['by-server'] });
  } finally {
    await receiver.dispose();
  }
}

function askAlerts(socketPath: string, verb: string, body: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: `/alerts/${verb}`, method: 'POST', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve(JSON.parse(text)));
    });
    asked.on('error', reject);
    asked.end(JSON.stringify(body));
  });
}

/** Connects, and closes while the core stands still, before it can pass descriptors. */
async function connectAndLeave(path: string, core: number): Promise<void> {
  process.kill(core, 'SIGSTOP');
  try {
    const socket = connect(path);
    await once(socket, 'connect');
    socket.destroy();
    await once(socket, 'close');
  } finally {
    process.kill(core, 'SIGCONT');
  }
}
