/** The server process has no rights, and neither its end nor its malice reaches the capture and the rules. Needs root. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { copyLoader, replaceServer } from '../lab/loader-copy.ts';
import { PACKETLOG, startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { serverPidOf } from '../lab/server-process.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { readJsonOutput } from './console-output.ts';
import { healthz } from './healthz.ts';
import { eachWithNetwork } from './suite.ts';

const HOSTILE = fileURLToPath(new URL('./hostile-server.cjs', import.meta.url));
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

  const untilServing = () =>
    until(async () => (await healthz(suite.network.server).catch(() => '')) === '200 ok', { what: 'the new server' });

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
      await untilServing();
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
    await untilServing();
    await packetlog.end();
    expect(readJsonOutput(packetlog.stdout).ledger.delivered.dropped).toBe(0);
  });

  test('may be hostile: it changes no rule, reads no secret, and stops nothing', async () => {
    const root = mkdtempSync(join(tmpdir(), 'packetlog-hostile-'));
    const state = join(root, 'state');
    try {
      const copy = copyLoader(join(root, 'loader'));
      replaceServer(copy, HOSTILE);
      mkdirSync(state, { mode: 0o700 });
      const { server, client } = suite.network;
      const env = {
        ...{ PACKETLOG_TOKEN: undefined, PACKETLOG_ADMIN_TOKEN: undefined, PACKETLOG_STATE_DIR: state },
        ...{ PACKETLOG_PIN: 'never', PACKETLOG_MODE: 'native' },
      };
      // The attacker learns the directory from the command line.
      const command = ['--title', `PACKETLOG_STATE=${state}`, copy.packetlog, 'run', ...args];
      const packetlog = suite.own(startProcess(server, copy.node, command, env));
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
