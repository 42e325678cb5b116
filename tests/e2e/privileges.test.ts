/** The server process has no rights, and neither its end nor its malice reaches the capture and the rules. Needs root. */
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createPinPlace } from '../lab/pin-place.ts';
import { LAB_ADMIN_TOKEN, LAB_TOKEN, PACKETLOG, startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { serverPidOf } from '../lab/server-process.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { readJsonOutput } from './console-output.ts';
import { startCrowd } from './crowd.ts';
import { eachWithNetwork } from './suite.ts';

const HOSTILE = fileURLToPath(new URL('./hostile-server.cjs', import.meta.url));
const RECEIVER = fileURLToPath(new URL('./notify-receiver.pl', import.meta.url));
const SERVER_SERVICE = join(dirname(dirname(PACKETLOG)), 'dist/supervisor/server-service.js');
/** Users that the machine does not have. */
const CORE_UID = 64_001;
const SERVER_UID = 64_002;
const CORE_CAPABILITIES = '+bpf,+net_admin,+perfmon';
const ADDRESS = '192.0.2.2';
const NO_CAPABILITY = '0000000000000000';

function serverOf(loader: number): number | undefined {
  try {
    return serverPidOf(loader);
  } catch {
    return undefined;
  }
}

/** Resolves with the pid of the server that replaced `old`. */
async function successorOf(old: number, loader: number, deadlineMs?: number): Promise<number> {
  let pid: number | undefined;
  const isReplaced = async () => {
    pid = serverOf(loader);
    return pid !== undefined && pid !== old;
  };
  await until(isReplaced, { what: 'another server process', ...(deadlineMs === undefined ? {} : { deadlineMs }) });
  return pid as number;
}

describe.skipIf(!requireRoot())('the server process', () => {
  const suite = eachWithNetwork();
  const args = ['--iface', 'server0', '--print', 'json', '--listen', '127.0.0.1:7411', '--ui', 'off'];

  async function running() {
    const packetlog = suite.own(startPacketlog(suite.network.server, { args }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  const healthz = () =>
    suite.network.server.exec('curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', 'http://127.0.0.1:7411/healthz');

  test('has another user, no capability on any thread, no_new_privs, and no file of the core', async () => {
    const { pid } = await running();
    const server = serverPidOf(pid);
    const threads = readdirSync(`/proc/${server}/task`);
    expect(threads.length).toBeGreaterThan(1);
    for (const thread of threads) {
      const status = readFileSync(`/proc/${server}/task/${thread}/status`, 'utf8');
      expect(status).toMatch(/^Uid:\t(\d+)\t\1\t\1\t\1$/m);
      expect(status).not.toMatch(/^Uid:\t0\t/m);
      expect(status).not.toMatch(/^Gid:\t0\t/m);
      expect(status).toMatch(/^Groups:\t\s*$/m);
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        expect(status).toMatch(new RegExp(`^${set}:\\t${NO_CAPABILITY}$`, 'm'));
      }
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    }
    const files = readdirSync(`/proc/${server}/fd`).map((fd) => readlinkSync(`/proc/${server}/fd/${fd}`));
    const allowed =
      /^(socket:|pipe:|anon_inode:\[(eventfd|eventpoll|io_uring)\]|\/dev\/null$|\/memfd:packetlog-rows |.*\/server-process\.cjs$|.*\/bin\/node$)/;
    expect(files.filter((file) => !allowed.test(file))).toEqual([]);
    expect(readFileSync(`/proc/${server}/environ`, 'utf8')).toBe('');
  });

  test('may be killed: the console output stays complete, and a new one serves', async () => {
    const { client } = suite.network;
    const packetlog = await running();
    let sent = 0;
    for (let round = 0; round < 3; round++) {
      const server = serverPidOf(packetlog.pid);
      await sendUdp(client, { address: ADDRESS, count: 500 });
      process.kill(server, 'SIGKILL');
      await sendUdp(client, { address: ADDRESS, count: 500 });
      sent += 1000;
      await successorOf(server, packetlog.pid);
      await until(async () => (await healthz().catch(() => '')) === '200', { what: 'the new server' });
    }
    expect(packetlog.stderr).toMatch(/server process was ended by SIGKILL/);
    await packetlog.end();
    const { records, ledger } = readJsonOutput(packetlog.stdout);
    expect(records.filter(({ dst_port }) => dst_port === 9)).toHaveLength(sent);
    expect(ledger.delivered.dropped).toBe(0);
  });

  test('may freeze: capture and console continue, and it is replaced', async () => {
    const { client } = suite.network;
    const packetlog = await running();
    const server = serverPidOf(packetlog.pid);
    process.kill(server, 'SIGSTOP');
    await sendUdp(client, { address: ADDRESS, count: 2000 });
    await packetlog.until(({ stdout }) => stdout.split('"dst_port":9,').length > 2000, 'every record on the console');
    await successorOf(server, packetlog.pid, 60_000);
    expect(packetlog.stderr).toMatch(/server process did not answer for 15 s/);
    await until(async () => (await healthz().catch(() => '')) === '200', { what: 'the new server' });
    await packetlog.end();
    expect(readJsonOutput(packetlog.stdout).ledger.delivered.dropped).toBe(0);
  });

  test('may be hostile: it changes no rule, reads no secret, and stops nothing', async () => {
    const root = mkdtempSync(join(tmpdir(), 'packetlog-hostile-'));
    const state = join(root, 'state');
    try {
      const loader = copyWithHostileServer(join(root, 'loader'));
      mkdirSync(state, { mode: 0o700 });
      const { server, client } = suite.network;
      const env = {
        ...{ PACKETLOG_TOKEN: undefined, PACKETLOG_ADMIN_TOKEN: undefined, PACKETLOG_STATE_DIR: state },
        ...{ PACKETLOG_PIN: 'never', PACKETLOG_MODE: 'native' },
      };
      // The attacker learns the directory from the command line.
      const command = ['--title', `PACKETLOG_STATE=${state}`, join(loader, 'bin/packetlog'), 'run', ...args];
      const packetlog = suite.own(startProcess(server, process.execPath, command, env));
      await packetlog.untilPrinted(/Waiting for Ctrl-C/);
      const rules = () => server.exec(process.execPath, PACKETLOG, 'rules', 'list', '--json').catch(String);
      process.env['PACKETLOG_STATE_DIR'] = state;
      const before = await rules();
      await packetlog.untilPrinted(/attacks finished/);
      await sendUdp(client, { address: ADDRESS, count: 3000 });
      await packetlog.until(({ stdout }) => stdout.split('"dst_port":9,').length > 3000, 'every record on the console');
      expect(packetlog.stderr).not.toMatch(/"result":"done"/);
      const codes = [
        ...packetlog.stderr.matchAll(/"what":"(add|policy|import|apply|remove|undo) with [^"]*.*?"result":"(\w+)"/g),
      ];
      expect(new Set(codes.map(([, , code]) => code))).toEqual(new Set(['forbidden']));
      // It ends with something that is not a message.
      await packetlog.untilPrinted(/server process sent a message of \d+ bytes/);
      expect(await rules()).toBe(before);
      expect(packetlog.stderr.split('"msg":"made-up line').length).toBeLessThan(66);
      expect(packetlog.stderr).not.toMatch(/a made-up file/);
      await packetlog.end();
      const { records, ledger } = readJsonOutput(packetlog.stdout);
      expect(records.filter(({ dst_port }) => dst_port === 9)).toHaveLength(3000);
      expect(ledger.delivered.dropped).toBe(0);
    } finally {
      delete process.env['PACKETLOG_STATE_DIR'];
      rmSync(root, { recursive: true, force: true });
    }
  });
});

describe.skipIf(!requireRoot())('as two services', () => {
  const suite = eachWithNetwork();

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
      const run = ['run', '--iface', 'server0', '--print', 'json', '--listen', '127.0.0.1:7411', '--ui', 'off'];
      const core = suite.own(startProcess(server, 'setpriv', [...asCore, process.execPath, PACKETLOG, ...run], env));
      await core.untilPrinted(/Waiting for Ctrl-C/);
      const asServer = ['--reuid', `${SERVER_UID}`, '--regid', `${SERVER_UID}`, '--groups', `${CORE_UID}`];
      const dropped = ['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all', '--no-new-privs'];
      const start = (notify: string) =>
        suite.own(
          startProcess(server, 'setpriv', [...asServer, ...dropped, process.execPath, SERVER_SERVICE, socket], {
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
        const service = start(notify);
        await manager.until(
          ({ stdout }) => stdout.split('READY=1 STATUS=Serving').length > round,
          'READY of the server',
        );
        const seen = manager.stdout.length;
        await manager.until(({ stdout }) => stdout.slice(seen).split('WATCHDOG=1').length > 2, 'signs of life');
        const status = readFileSync(`/proc/${service.pid}/status`, 'utf8');
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
        if (round === 1) {
          process.kill(service.pid, 'SIGKILL');
          await core.untilPrinted(/server process closed its connection. The service manager restarts it/);
        } else {
          expect(await service.end('SIGTERM')).toEqual({ code: 75, signal: null });
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

/** Copies the loader, with the attacker in place of the server. Returns the directory. */
function copyWithHostileServer(directory: string): string {
  const loader = dirname(dirname(PACKETLOG));
  mkdirSync(directory);
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(loader, part), join(directory, part), { recursive: true });
  symlinkSync(join(loader, 'node_modules'), join(directory, 'node_modules'));
  cpSync(HOSTILE, join(directory, 'dist/server-process.cjs'));
  return directory;
}
