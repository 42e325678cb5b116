/**
 * The loader as a service: signs of life for the service manager (a simulated one: systemd does not run here), the user
 * of the unit without root, `packetlog status`. Needs root.
 */
import type { ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../lab/command.ts';
import { CHECKOUT, withLoaderCopy } from '../lab/loader-copy.ts';
import { createPinPlace, type PinPlace } from '../lab/pin-place.ts';
import { PACKETLOG, startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { serverPidOf } from '../lab/server-process.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { startCrowd } from './crowd.ts';
import { healthz } from './healthz.ts';
import { eachWithNetwork } from './suite.ts';

const HALT = fileURLToPath(new URL('./halt-thread.c', import.meta.url));
const CHANGE_RULES = fileURLToPath(new URL('./change-rules.mjs', import.meta.url));
const RECEIVER = fileURLToPath(new URL('./notify-receiver.pl', import.meta.url));
/** A user that the machine does not have. */
const UID = 64_001;
const CAPABILITIES = '+bpf,+net_admin,+perfmon';
/** CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF: bits 12, 38 and 39 of linux/capability.h. */
const CAPABILITY_BITS = '000000c000001000';
/** Options of setpriv(1). */
const asUser = (uid: number) => [
  ...['setpriv', '--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups', '--no-new-privs'],
  ...['--bounding-set', '--inh-caps', '--ambient-caps'].map((set) => `${set}=-all,${CAPABILITIES}`),
];

const nameOf = (pid: number, thread: string) => readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim();

/** Resolves `line` with the first line of the child's output; `end` closes its input. */
function dialogueWithLines(child: ChildProcess): { line: Promise<string>; end: () => void } {
  const line = new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (text: Buffer) => resolve(text.toString().trim()));
    child.once('close', (code) => reject(new Error(`halt-thread ended with exit code ${code}`)));
  });
  return { line, end: () => child.stdin?.end() };
}

describe.skipIf(!requireRoot())('as a service', () => {
  const suite = eachWithNetwork();
  const readable = withLoaderCopy();
  let directory: string;
  let place: PinPlace;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-service-'));
    place = await createPinPlace();
  });
  afterEach(async () => {
    await place.dispose();
    rmSync(directory, { recursive: true });
  });

  test('tells the service manager that it is ready, alive and ending', async () => {
    const socket = join(directory, 'notify');
    const { server } = suite.network;
    const manager = suite.own(startProcess(server, 'perl', [RECEIVER, socket]));
    await manager.untilPrinted(/listening/);
    const packetlog = suite.own(
      startPacketlog(server, {
        args: ['--iface', 'server0', '--listen', 'off', '--print', 'none'],
        env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '1500000' },
      }),
    );
    await manager.untilPrinted(/^READY=1 STATUS=Watching server0$/m);
    // Without packets and clients the drain thread would sleep until a packet arrives.
    const signs = () => manager.stdout.match(/^WATCHDOG=1$/gm)?.length ?? 0;
    const before = signs();
    await until(() => signs() >= before + 3, { what: 'three signs of life', evidence: () => manager.stdout });
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });
    await manager.untilPrinted(/^STOPPING=1$/m);
  });

  test('sends no watchdog notification while the drain thread hangs, although the main thread answers', async () => {
    const socket = join(directory, 'notify');
    const halt = join(directory, 'halt-thread');
    await run('clang', ['-O2', '-Wall', '-Werror', HALT, '-o', halt]);
    const { server } = suite.network;
    const manager = suite.own(startProcess(server, 'perl', [RECEIVER, socket]));
    await manager.untilPrinted(/listening/);
    const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '300000', PACKETLOG_STATE_DIR: directory };
    const packetlog = suite.own(
      startPacketlog(server, { args: ['--iface', 'server0', '--listen', 'off', '--print', 'none'], env }),
    );
    await manager.untilPrinted(/READY=1/);
    const threads = readdirSync(`/proc/${packetlog.pid}/task`);
    const drain = threads.find((thread) => nameOf(packetlog.pid, thread) === 'packetlog-drain');
    const halting = dialogueWithLines(server.spawn(halt, [drain ?? ''], { stdio: ['pipe', 'pipe', 'inherit'] }));
    expect(await halting.line).toBe('halted');
    const before = manager.stdout;
    // Each takes longer than the interval of the notifications.
    for (const _ of [1, 2]) {
      const status = suite.own(
        startProcess(server, process.execPath, [PACKETLOG, 'status'], { PACKETLOG_STATE_DIR: directory }),
      );
      expect((await status.exited).code).toBe(0);
    }
    expect(manager.stdout).toBe(before);
    halting.end();
    await manager.until(({ stdout }) => stdout.length > before.length, 'a watchdog notification');
  });

  test('runs with three capabilities and no root, denies, and leaves its program for the next start', async () => {
    const { server } = suite.network;
    chownSync(directory, UID, UID);
    chownSync(place.path, UID, UID);
    const env = { PACKETLOG_STATE_DIR: directory, PACKETLOG_BPFFS: place.path };
    const [file = '', ...asService] = asUser(UID);
    const { node, packetlog: program } = readable;
    const start = (...args: string[]) =>
      suite.own(startProcess(server, file, [...asService, node, program, ...args], env));

    const options = ['run', '--iface', 'server0', '--mode', 'native', '--listen', 'off', '--print', 'none'];
    const packetlog = start(...options);
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    for (const thread of readdirSync(`/proc/${packetlog.pid}/task`)) {
      const status = readFileSync(`/proc/${packetlog.pid}/task/${thread}/status`, 'utf8');
      expect(status).toMatch(new RegExp(`^Uid:\\t${UID}\\t${UID}\\t${UID}\\t${UID}$`, 'm'));
      for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb']) {
        expect(status).toMatch(new RegExp(`^${set}:\\t${CAPABILITY_BITS}$`, 'm'));
      }
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    }

    const add = start('rules', 'add', 'deny', '198.51.100.9');
    expect((await add.exited).code).toBe(0);
    await packetlog.end();
    expect(packetlog.stderr).toContain('The program stays on server0');
    expect(statSync(join(place.path, 'packetlog')).uid).toBe(UID);
    const next = start(...options);
    await next.untilPrinted(/Took over/);
    const unload = async () => {
      await next.end();
      const removal = start('unload', '--bpf-fs', place.path);
      return (await removal.exited).code;
    };
    expect(await unload()).toBe(0);
  });

  test('tokens survive a restart until they are rotated, and only the owner can read them', async () => {
    const { server } = suite.network;
    const env = { PACKETLOG_STATE_DIR: directory };
    const noTokens = { PACKETLOG_TOKEN: undefined, PACKETLOG_ADMIN_TOKEN: undefined };
    const command = async (...args: string[]) => {
      const started = suite.own(startProcess(server, process.execPath, [PACKETLOG, ...args], env));
      expect(await started.exited).toEqual({ code: 0, signal: null });
      return started.stdout;
    };
    const tokens = async () => (await command('url')).match(/token=[\w-]{43}/g);
    const start = async () => {
      const args = ['--iface', 'server0', '--listen', '127.0.0.1:0', '--ui', 'off', '--print', 'none'];
      const packetlog = suite.own(startPacketlog(server, { args, env: { ...env, ...noTokens } }));
      await packetlog.untilPrinted(/Waiting for Ctrl-C/);
      return packetlog;
    };

    const first = await start();
    const given = await tokens();
    expect(given).toHaveLength(3);
    expect(statSync(join(directory, 'tokens.json')).mode & 0o777).toBe(0o600);
    await first.end();
    const second = await start();
    expect(await tokens()).toEqual(given);
    expect(await command('token', 'rotate')).toContain('The tokens were replaced');
    const rotated = await tokens();
    expect(rotated).toHaveLength(3);
    for (const token of given ?? []) expect(rotated).not.toContain(token);
    await second.end();
    const third = await start();
    expect(await tokens()).toEqual(rotated);
    await third.end();
    expect(await command('token', 'rotate')).toContain('The next start creates new tokens');
    const fourth = await start();
    for (const token of rotated ?? []) expect(await tokens()).not.toContain(token);
    await fourth.end();
  });

  test.each([
    ['root', []],
    ['the service', asUser(UID)],
  ])(
    'rotated tokens of a loader that %s starts apply at once, and clients with the old ones are disconnected',
    async (who, as) => {
      const { server } = suite.network;
      if (who !== 'root') for (const path of [directory, place.path]) chownSync(path, UID, UID);
      const env = {
        ...{ PACKETLOG_STATE_DIR: directory, PACKETLOG_BPFFS: place.path, PACKETLOG_PIN: 'never' },
        ...{ PACKETLOG_TOKEN: undefined, PACKETLOG_ADMIN_TOKEN: undefined },
      };
      const run = ['run', '--iface', 'server0', '--mode', 'native', '--listen', '127.0.0.1:7411', '--ui', 'off'];
      const { node, packetlog: program } = who === 'root' ? CHECKOUT : readable;
      const [file = node, ...rest] = [...as, node, program];
      const packetlog = suite.own(startProcess(server, file, [...rest, ...run, '--print', 'none'], env));
      await packetlog.untilPrinted(/Waiting for Ctrl-C/);
      // Commands of the service's user: the machine has no such user that root would trust.
      const command = async (...args: string[]) => {
        const started = suite.own(startProcess(server, file, [...rest, ...args], env));
        expect(await started.exited).toEqual({ code: 0, signal: null });
        return started.stdout;
      };
      const tokens = async () => {
        const [, token = '', admin = ''] =
          /Admin URL.*#token=([\w-]+)&admin_token=([\w-]+)/.exec(await command('url')) ?? [];
        return { token, admin };
      };
      const old = await tokens();
      const crowd = await startCrowd(server);
      const origin = 'http://127.0.0.1:7411';
      const subscription = { max_rows_per_second: 1000 };
      await crowd.ask('connect', { origin, token: old.token, count: 2, subscription });
      const connected = async () => JSON.parse(await command('status', '--json')).clients;
      await until(async () => (await connected()) === 2, { what: 'both clients' });
      await command('token', 'rotate');
      await until(async () => (await connected()) === 0, { what: 'the end of both clients' });
      const change = (token: string, admin: string) =>
        server.exec(process.execPath, CHANGE_RULES, origin, token, admin).then((text) => text.trim());
      expect(await change(old.token, old.admin)).toBe('unauthorized');
      const fresh = await tokens();
      expect(await change(fresh.token, old.admin)).toBe('unauthorized');
      expect(await change(fresh.token, fresh.admin)).toBe('done');
      // A server that is started again gets the new tokens, too.
      if (who === 'root') {
        process.kill(serverPidOf(packetlog.pid), 'SIGKILL');
        await until(
          () =>
            change(fresh.token, fresh.admin).then(
              (text) => text === 'done',
              () => false,
            ),
          { what: 'the new server' },
        );
        expect(await change(old.token, old.admin)).toBe('unauthorized');
      }
      await packetlog.end();
    },
  );

  test('tokens of the environment are not rotated', async () => {
    const { server } = suite.network;
    const env = { PACKETLOG_STATE_DIR: directory };
    const args = ['--iface', 'server0', '--listen', '127.0.0.1:0', '--ui', 'off', '--print', 'none'];
    const packetlog = suite.own(startPacketlog(server, { args, env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const rotate = suite.own(startProcess(server, process.execPath, [PACKETLOG, 'token', 'rotate'], env));
    expect((await rotate.exited).code).toBe(1);
    expect(rotate.stderr).toMatch(/those of PACKETLOG_TOKEN and PACKETLOG_ADMIN_TOKEN: change them there/);
    await packetlog.end();
  });

  test('status says what the loader does, and its exit code whether all is well', async () => {
    const { server } = suite.network;
    const env = { PACKETLOG_STATE_DIR: directory };
    const ask = async (...args: string[]) => {
      const command = suite.own(startProcess(server, process.execPath, [PACKETLOG, 'status', ...args], env));
      const { code } = await command.exited;
      return { code, stdout: command.stdout, stderr: command.stderr };
    };
    expect(await ask()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('packetlog is not running. Start it'),
    });

    const args = ['--iface', 'server0', '--listen', '127.0.0.1:7411', '--ui', 'off', '--print', 'none'];
    const packetlog = suite.own(startPacketlog(server, { args, env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    expect(await healthz(server)).toBe('200 ok');
    const { code, stdout } = await ask();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^server0 +native/m);
    expect(stdout).toMatch(/^Ledger: +complete$/m);

    const { client, link } = suite.network;
    const { sent } = await sendUdp(client, { address: link.server.ipv4, count: 100 });
    await until(async () => (await link.server.counters()).rx.packets === sent, { what: 'all packets' });
    const counters = async () => JSON.parse((await ask('--json')).stdout).interfaces[0].counters;
    await until(async () => (await counters()).seen === sent, { what: 'all packets in the answer' });

    await server.exec('ip', 'link', 'set', 'server0', 'down');
    await server.exec('ip', 'link', 'delete', 'server0');
    await until(async () => (await ask()).code === 1, { what: 'a status that is not well' });
    expect((await ask()).stdout).toMatch(/^Problem: +server0 is not watched \(gone\)\.$/m);
    expect(await healthz(server)).toBe('503 not ok: packetlog status says why');
    await packetlog.end();
  });
});
