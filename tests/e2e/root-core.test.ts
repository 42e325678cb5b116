/** The core of a loader that root starts: which rights it has, and that what needs more still works. Needs root. */
import {
  chownSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../lab/command.ts';
import { copyLoader } from '../lab/loader-copy.ts';
import { createPinPlace, type PinPlace } from '../lab/pin-place.ts';
import { PACKETLOG, startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { serverPidOf } from '../lab/server-process.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { healthz } from './healthz.ts';
import { eachWithNetwork } from './suite.ts';

const PROBE = fileURLToPath(new URL('./core-probe.cjs', import.meta.url));
/** CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF: bits 12, 38 and 39 of linux/capability.h. */
const CAPABILITIES = '000000c000001000';
/** Without it root cannot let helpers work for a core of another user, and stays root. */
const WITHOUT_DROP = ['--bounding-set=-sys_ptrace', '--inh-caps=-all'];
const OPTIONS = ['run', '--iface', 'server0', '--print', 'none', '--mode', 'native'];
const QUIET = [...OPTIONS, '--listen', 'off'];

const POLL = { timeout: 30_000 };

const uidOf = (pid: number) => Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

describe.skipIf(!requireRoot())('the core of a loader that root starts', () => {
  const suite = eachWithNetwork();
  let home: string;
  let place: PinPlace;
  /** A directory that only root can enter. */
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'packetlog-home-'));
    place = await createPinPlace();
  });
  afterEach(async () => {
    await place.dispose();
    rmSync(home, { recursive: true });
  });

  const state = () => join(home, 'state');
  const environment = () => ({ PACKETLOG_STATE_DIR: state(), PACKETLOG_BPFFS: place.path });
  const start = (command: readonly string[], env: Record<string, string | undefined> = {}, file = process.execPath) =>
    suite.own(startProcess(suite.network.server, file, command, { ...environment(), ...env }));
  const running = async (...args: Parameters<typeof start>) => {
    const packetlog = start(...args);
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  };
  /** Runs a command of root to its end. */
  const command = async (...args: string[]) => {
    const started = start([PACKETLOG, ...args]);
    const { code } = await started.exited;
    return { code, stdout: started.stdout, stderr: started.stderr };
  };

  test('has another user and three capabilities on every thread, no network socket, and helpers with one task each', async () => {
    const packetlog = await running([PACKETLOG, ...OPTIONS, '--listen', '127.0.0.1:0', '--ui', 'off']);
    const threads = readdirSync(`/proc/${packetlog.pid}/task`);
    expect(threads.length).toBeGreaterThan(5);
    for (const thread of threads) {
      const status = readFileSync(`/proc/${packetlog.pid}/task/${thread}/status`, 'utf8');
      expect(status).toMatch(/^Uid:\t([1-9]\d*)\t\1\t\1\t\1$/m);
      expect(status).toMatch(/^Gid:\t([1-9]\d*)\t\1\t\1\t\1$/m);
      expect(status).toMatch(/^Groups:\t\s*$/m);
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        expect(status).toMatch(new RegExp(`^${set}:\\t${CAPABILITIES}$`, 'm'));
      }
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    }
    const files = readdirSync(`/proc/${packetlog.pid}/fd`).map((fd) => readlinkSync(`/proc/${packetlog.pid}/fd/${fd}`));
    const inodes = files.flatMap((file) => /^socket:\[(\d+)\]$/.exec(file)?.[1] ?? []);
    const tables = ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6', 'packet'];
    const network = tables.map((table) => readFileSync(`/proc/${packetlog.pid}/net/${table}`, 'utf8')).join('');
    expect(network).toMatch(/ 0A /);
    for (const inode of inodes) expect(network).not.toMatch(new RegExp(`\\s${inode}\\s`));
    const helpers = readdirSync('/proc').filter(
      (pid) =>
        /^\d+$/.test(pid) &&
        existsSync(`/proc/${pid}/status`) &&
        new RegExp(`^PPid:\\t${packetlog.pid}$`, 'm').test(readFileSync(`/proc/${pid}/status`, 'utf8')),
    );
    expect(helpers).toHaveLength(2);
    for (const helper of helpers) {
      const status = readFileSync(`/proc/${helper}/status`, 'utf8');
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      // Neither CAP_NET_ADMIN nor CAP_SYS_ADMIN, CAP_BPF or CAP_SYS_MODULE.
      expect(BigInt(`0x${/^CapEff:\t(\w+)$/m.exec(status)?.[1]}`) & 0x8000211000n).toBe(0n);
    }
    expect(uidOf(serverPidOf(packetlog.pid))).not.toBe(uidOf(packetlog.pid));
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });
    await Promise.all(helpers.map((helper) => untilGone(Number(helper))));
  });

  test('cannot do what a taken-over core would try', async () => {
    const nodeOptions = ['--require', PROBE];
    const packetlog = suite.own(
      startPacketlog(suite.network.server, {
        args: [...OPTIONS, '--listen', '127.0.0.1:0', '--ui', 'off'],
        nodeOptions,
        env: environment(),
      }),
    );
    const [, text = ''] = await packetlog.untilPrinted(/probe (.*)/);
    const results = Object.entries(JSON.parse(text) as Record<string, string>);
    expect(results.length).toBeGreaterThan(12);
    for (const [what, result] of results) {
      expect({ [what]: result }).toEqual({ [what]: expect.stringMatching(/^(EACCES|EPERM|failed)$/) });
    }
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
  });

  test('works with a clone, a state directory and rules that only root can reach; rules and SIGHUP work', async () => {
    const clone = copyLoader(join(home, 'clone'));
    const rules = join(home, 'my-rules.json');
    writeRules(rules, '198.51.100.1');
    const options = [...OPTIONS, '--listen', '127.0.0.1:0', '--ui', 'off', '--rules', rules];
    const packetlog = await running([clone.packetlog, ...options], {}, clone.node);
    expect(uidOf(packetlog.pid)).toBeGreaterThan(0);
    expect(statSync(home)).toMatchObject({ uid: 0, mode: 0o40700 });
    // The core reaches the clone in this directory, and cannot list it.
    const asCore = ['--reuid', '--regid'].map((option) => `${option}=${uidOf(packetlog.pid)}`);
    const atCore = (...args: string[]) =>
      run('nsenter', [`--target=${packetlog.pid}`, '--mount', 'setpriv', ...asCore, '--clear-groups', ...args]);
    await atCore('test', '-r', clone.packetlog);
    await expect(atCore('ls', home)).rejects.toThrow(/Permission denied/);
    expect((await command('rules', 'list')).stdout).toContain('198.51.100.1');

    expect((await command('rules', 'add', 'deny', '198.51.100.2')).code).toBe(0);
    expect(readFileSync(rules, 'utf8')).toContain('198.51.100.2');
    expect(statSync(rules)).toMatchObject({ uid: 0, mode: 0o100600 });

    // As editors do: another file takes its place.
    writeRules(join(home, 'edited'), '198.51.100.3');
    renameSync(join(home, 'edited'), rules);
    process.kill(packetlog.pid, 'SIGHUP');
    await expect.poll(async () => (await command('rules', 'list')).stdout, POLL).toContain('198.51.100.3');
    expect((await command('status')).code).toBe(0);
    expect(readdirSync(home).sort()).toEqual(['clone', 'my-rules.json', 'state']);

    await packetlog.end();
    // Without a loader root changes the same files.
    expect(await command('rules', 'add', 'deny', '198.51.100.4', '--rules', rules)).toMatchObject({ code: 0 });
    expect(readFileSync(rules, 'utf8')).toContain('198.51.100.4');
    const next = await running([PACKETLOG, ...QUIET, '--rules', rules]);
    expect(next.stderr).toMatch(/Took over/);
    expect((await command('rules', 'list')).stdout).toContain('198.51.100.4');
    await next.end();
    expect((await command('unload', '--bpf-fs', place.path)).stdout).toContain('Removed XDP program');
  });

  test('takes over the state and the pins of a loader that ran as root', async () => {
    const asRoot = start([...WITHOUT_DROP, process.execPath, PACKETLOG, ...QUIET], {}, 'setpriv');
    await asRoot.untilPrinted(/Waiting for Ctrl-C/);
    expect(uidOf(asRoot.pid)).toBe(0);
    expect(asRoot.stderr).toMatch(/core keeps root's rights: CAP_SYS_PTRACE is missing/);
    expect((await command('rules', 'add', 'deny', '198.51.100.9')).code).toBe(0);
    await asRoot.end('SIGKILL');
    expect(statSync(state()).uid).toBe(0);
    expect(statSync(join(place.path, 'packetlog')).uid).toBe(0);

    const packetlog = await running([PACKETLOG, ...QUIET]);
    expect(uidOf(packetlog.pid)).toBeGreaterThan(0);
    expect(packetlog.stderr).toMatch(/Took over from a loader that ended, without a gap/);
    expect((await command('rules', 'list')).stdout).toContain('198.51.100.9');
    expect((await command('rules', 'add', 'deny', '198.51.100.10')).code).toBe(0);
    expect(statSync(state()).uid).toBe(uidOf(packetlog.pid));
    await packetlog.end();

    // And back: a loader that stays root works on the files of the core's user.
    const again = start([...WITHOUT_DROP, process.execPath, PACKETLOG, ...QUIET], {}, 'setpriv');
    await again.untilPrinted(/Took over/);
    expect((await command('rules', 'list')).stdout).toContain('198.51.100.10');
    expect(await command('rules', 'add', 'deny', '198.51.100.11')).toMatchObject({ code: 0, stderr: '' });
    await again.end();
    const last = await running([PACKETLOG, ...QUIET]);
    expect((await command('rules', 'list')).stdout).toContain('198.51.100.11');
    await last.end();
    expect((await command('unload', '--bpf-fs', place.path)).code).toBe(0);
  });

  test('does not give away a file of root through a link in the state directory', async () => {
    const secret = join(home, 'secret');
    writeFileSync(secret, 'secret', { mode: 0o600 });
    const packetlog = await running([PACKETLOG, ...QUIET]);
    const user = uidOf(packetlog.pid);
    await packetlog.end();
    // As the core's user could have put them there.
    symlinkSync(secret, join(state(), 'counts.json'));
    linkSync(secret, join(state(), 'rules.json'));
    chownSync(state(), user, user);
    const next = start([PACKETLOG, ...QUIET]);
    await next.exited.catch(() => {});
    expect(statSync(secret)).toMatchObject({ uid: 0, mode: 0o100600 });
    expect(readFileSync(secret, 'utf8')).toBe('secret');
  });

  test('reads the configuration, logs denied packets and is ready for the service manager where only root may', async () => {
    const config = join(home, 'config.json');
    writeFileSync(config, JSON.stringify({ iface: 'server0', print: 'none' }), { mode: 0o600 });
    const log = join(home, 'denied.log');
    const rules = join(home, 'rules.json');
    writeRules(rules, '192.0.2.1');
    const packetlog = await running([
      ...[PACKETLOG, 'run', '--config', config, '--mode', 'native', '--listen', 'off'],
      ...['--log-denies', log, '--rules', rules, '--pin', 'never'],
    ]);
    expect(uidOf(packetlog.pid)).toBeGreaterThan(0);
    await sendUdp(suite.network.client, { address: '192.0.2.2', count: 3 });
    await expect.poll(() => existsSync(log) && readFileSync(log, 'utf8'), POLL).toContain('"192.0.2.1"');
    renameSync(log, `${log}.1`);
    process.kill(packetlog.pid, 'SIGHUP');
    await sendUdp(suite.network.client, { address: '192.0.2.2', count: 3 });
    await expect.poll(() => existsSync(log) && readFileSync(log, 'utf8'), POLL).toContain('"192.0.2.1"');
    expect(statSync(log)).toMatchObject({ uid: 0, mode: 0o100640 });
    await packetlog.end();
  });

  test('with --netns, core and helpers watch that namespace, and the server serves in this one', async () => {
    const { client, server } = suite.network;
    const options = [...OPTIONS, '--netns', `/run/netns/${server.name}`, '--listen', '127.0.0.1:7411', '--ui', 'off'];
    const packetlog = suite.own(startProcess(client, process.execPath, [PACKETLOG, ...options], environment()));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    expect(uidOf(packetlog.pid)).toBeGreaterThan(0);
    const inode = readlinkSync(`/proc/${packetlog.pid}/ns/net`);
    expect(inode).toBe(`net:[${statSync(`/run/netns/${server.name}`).ino}]`);
    expect(readlinkSync(`/proc/${serverPidOf(packetlog.pid)}/ns/net`)).not.toBe(inode);
    expect(await healthz(client)).toBe('200 ok');
    await expect(healthz(server)).rejects.toThrow(/ECONNREFUSED/);
    process.kill(serverPidOf(packetlog.pid), 'SIGKILL');
    await expect.poll(() => healthz(client).catch(() => ''), POLL).toBe('200 ok');
    await packetlog.end();
  });
});

function writeRules(path: string, source: string): void {
  const rules = [{ id: 1, action: 'deny', source }];
  writeFileSync(path, JSON.stringify({ version: 1, default_policy: 'permit', rules }), { mode: 0o600 });
}

async function untilGone(pid: number): Promise<void> {
  // A process without a parent that waits for it stays as a zombie.
  const hasEnded = () => !existsSync(`/proc/${pid}`) || /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  await until(hasEnded, { what: `the end of process ${pid}` });
}
