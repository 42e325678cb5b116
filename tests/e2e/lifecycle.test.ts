/** Start, end, and what can prevent them. Needs root. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { xdpOn } from '../lab/leftovers.ts';
import type { Link } from '../lab/network.ts';
import { startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';
import { makeRulesPlace } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const BIN = fileURLToPath(new URL('../../packages/loader/bin/packetlog', import.meta.url));
const QUIET = ['--print', 'none', '--listen', 'off'];

describe.skipIf(!requireRoot())('the life of a loader', () => {
  const suite = eachWithNetwork({ links: 2 });

  const start = (...args: string[]) => suite.own(startPacketlog(suite.network.server, { args }));

  async function started(...args: string[]) {
    const packetlog = start(...args);
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} ends the loader with exit code 0, and nothing stays on the interface`, async () => {
      const packetlog = await started('--iface', 'server0', ...QUIET);
      expect(await xdpOn(suite.network.server, 'server0')).toBeDefined();
      expect(await packetlog.end(signal)).toEqual({ code: 0, signal: null });
      expect(await xdpOn(suite.network.server, 'server0')).toBeUndefined();
    });
  }

  test('packetlog url prints the URLs of the running loader; the loader’s standard error, which a journal may keep, has no token', async () => {
    const place = makeRulesPlace();
    try {
      const env = { ...place.env, PACKETLOG_TOKEN: undefined, PACKETLOG_ADMIN_TOKEN: undefined };
      const url = async () => {
        const command = suite.own(startPacketlog(suite.network.server, { args: ['url'], env }));
        const { code } = await command.exited;
        return { code, stdout: command.stdout, stderr: command.stderr };
      };
      expect(await url()).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('is not running') });
      const args = ['--iface', 'server0', '--print', 'none', '--listen', 'localhost:0', '--ui', 'off'];
      const packetlog = suite.own(startPacketlog(suite.network.server, { args, env }));
      await packetlog.untilPrinted(/Waiting for Ctrl-C/);
      const { code, stdout } = await url();
      expect(code).toBe(0);
      const [look, change] = stdout.trimEnd().split('\n');
      expect(look).toMatch(/^Socket: http:\/\/localhost:\d+\/#token=[\w-]{43}$/);
      expect(change).toMatch(
        /^Admin URL \(can change rules\): http:\/\/localhost:\d+\/#token=[\w-]{43}&admin_token=[\w-]{43}$/,
      );
      expect(packetlog.stderr).toContain('packetlog url');
      expect(packetlog.stderr).not.toContain('token=');
      await packetlog.end();
    } finally {
      place.remove();
    }
  });

  test('without --iface the loader watches the interface of the default route', async () => {
    await suite.network.server.ip('route add default via 198.51.100.1 dev server1');
    const packetlog = await started(...QUIET);
    expect(packetlog.stderr).toContain('Watching server1 (native with frags)');
    await packetlog.end();
  });

  test('without --iface and a default route the error names the remedy', async () => {
    const packetlog = start(...QUIET);
    expect(await packetlog.exited).toEqual({ code: 5, signal: null });
    expect(packetlog.stderr).toContain('Name one with --iface NAME');
  });

  test('two interfaces are watched and counted separately, with two --iface options or one with a comma', async () => {
    const [first, second] = suite.network.links as [Link, Link];
    let round = 0;
    for (const names of [
      ['--iface', 'server0', '--iface', 'server1'],
      ['--iface', 'server0,server1'],
    ]) {
      round++;
      const packetlog = await started(...names, '--print', 'json', '--listen', 'off');
      await sendUdp(suite.network.client, { address: first.server.ipv4, count: 30 });
      await sendUdp(suite.network.client, { address: second.server.ipv4, count: 50 });
      await Promise.all([untilArrived(first.server, 30 * round), untilArrived(second.server, 50 * round)]);
      await packetlog.end();
      const { records, ledger } = readJsonOutput(packetlog.stdout);
      expect(ledger.interfaces).toMatchObject({ server0: { seen: 30 }, server1: { seen: 50 } });
      expect(records.filter((record) => record.interface === 'server1')).toHaveLength(50);
      expect(discrepancies(ledger)).toEqual([]);
    }
  });

  test('environment and file set options; the command line overrides both', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'packetlog-config-'));
    try {
      const config = join(directory, 'packetlog.json');
      writeFileSync(config, JSON.stringify({ iface: 'server0', mode: 'generic', print: 'json', listen: 'off' }));
      const env = { PACKETLOG_IFACE: 'server1', PACKETLOG_MODE: undefined };
      const packetlog = suite.own(
        startPacketlog(suite.network.server, { args: ['--config', config, '--print', 'none'], env }),
      );
      await packetlog.untilPrinted(/Waiting for Ctrl-C/);
      expect(packetlog.stderr).toContain('Watching server1 (generic)');
      await packetlog.end();
      expect(packetlog.stdout).toBe('');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test.each([
    [['--iface', 'nowhere0'], 5, 'no such interface'],
    [['--iface', 'x'.repeat(128)], 2, 'longer than 127 bytes'],
    [['--netns', 'nowhere'], 5, 'ip netns list'],
    [['--mode', 'fast'], 2, 'Allowed choices are auto, native, generic'],
    [['--ring-size', '5000'], 2, 'power of two'],
    [['--listen', 'nonsense'], 2, 'HOST:PORT'],
    [['--config', '/nonexistent.json'], 2, 'read configuration /nonexistent.json'],
    [['--iface', 'lo', '--mode', 'native'], 6, 'Try --mode generic'],
    [['--colour'], 2, "unknown option '--colour'"],
  ])('%j ends with exit code %i and says why', async (args, code, words) => {
    const packetlog = start(...QUIET, ...args);
    expect(await packetlog.exited).toEqual({ code, signal: null });
    expect(packetlog.stderr).toContain(words);
    expect(packetlog.stderr).not.toMatch(/\n\s+at /);
  });

  test('on loopback the loader falls back to generic mode and names the reason', async () => {
    const packetlog = await started('--iface', 'lo', '--mode', 'auto', ...QUIET);
    expect(packetlog.stderr).toContain('Watching lo (generic, because the driver has no native XDP)');
    await packetlog.end();
  });

  test('on veth the default is generic mode, which keeps segmentation offload, and the loader names the reason', async () => {
    const packetlog = await started('--iface', 'server0', '--mode', 'auto', ...QUIET);
    expect(packetlog.stderr).toContain('Watching server0 (generic, because native mode on veth undoes segmentation');
    expect(packetlog.stderr).toContain('--mode native selects it');
    await packetlog.end();
  });

  test('with too few queues for native mode the default falls back to generic mode, and --mode native fails with a remedy', async () => {
    const { client, server } = suite.network;
    await server.ip(
      `link add odd numtxqueues 4 numrxqueues 1 type veth peer name even netns ${client.name} numtxqueues 4 numrxqueues 1`,
    );
    const native = start('--iface', 'odd', '--mode', 'native', ...QUIET);
    expect(await native.exited).toEqual({ code: 6, signal: null });
    expect(native.stderr).toContain('fewer queues than native XDP needs (ENOSPC)');
    expect(native.stderr).toContain('Try --mode generic');
    const packetlog = await started('--iface', 'odd', '--mode', 'auto', ...QUIET);
    expect(packetlog.stderr).toContain('Watching odd (generic');
    await packetlog.end();
  });

  test('native mode works with a jumbo MTU', async () => {
    const { client, server } = suite.network;
    await server.ip('link set dev server0 mtu 9000');
    await client.ip('link set dev client0 mtu 9000');
    const packetlog = await started('--iface', 'server0', '--print', 'json', '--listen', 'off');
    expect(packetlog.stderr).toContain('Watching server0 (native with frags)');
    await sendUdp(client, { address: '192.0.2.2', count: 3, payloadBytes: 8000 });
    await untilArrived(suite.network.link.server, 3);
    await packetlog.end();
    const { records, ledger } = readJsonOutput(packetlog.stdout);
    expect(records.map(({ length }) => length)).toEqual([8042, 8042, 8042]);
    expect(ledger.interfaces['server0']?.bytes).toBe(3 * 8042);
  });

  test('a second loader names the first one, does not touch it, and ends with exit code 3', async () => {
    const first = await started('--iface', 'server0', '--print', 'json', '--listen', 'off');
    const second = start('--iface', 'server0', ...QUIET);
    expect(await second.exited).toEqual({ code: 3, signal: null });
    expect(second.stderr).toMatch(
      // Without CAP_SYS_ADMIN the kernel tells neither name nor time.
      /XDP program \d+ \(native\) is there and was left alone/,
    );
    expect(second.stderr).toContain(`Another packetlog, with pid ${first.pid}, watches this interface: end it first`);
    const generic = start('--iface', 'server0', '--mode', 'generic', ...QUIET);
    expect(await generic.exited).toEqual({ code: 3, signal: null });
    await sendUdp(suite.network.client, { address: '192.0.2.2', count: 5 });
    await untilArrived(suite.network.link.server, 5);
    await first.end();
    expect(readJsonOutput(first.stdout).ledger.interfaces['server0']?.seen).toBe(5);
  });

  test('an interface that disappears and returns is watched again, and its counters continue', async () => {
    const { client, server } = suite.network;
    const packetlog = await started('--iface', 'server1', '--print', 'json', '--listen', 'off');
    await sendUdp(client, { address: '198.51.100.2', count: 10 });
    await server.ip('link delete server1');
    await packetlog.untilPrinted(/Interface server1 is gone/);
    await client.ip(
      `link add client1 type veth peer name server1 netns ${server.name}`,
      'link set client1 arp off up',
      'address add 198.51.100.1/24 dev client1',
    );
    await server.ip('link set server1 arp off up', 'address add 198.51.100.2/24 dev server1');
    await packetlog.untilPrinted(/Interface server1 is back and watched again/);
    const [link] = await server.ipJson<{ address: string }[]>('link', 'show', 'dev', 'server1');
    await client.ip(`neighbour add 198.51.100.2 lladdr ${link?.address} dev client1 nud permanent`);
    await sendUdp(client, { address: '198.51.100.2', count: 20 });
    await packetlog.until(({ stdout }) => (stdout.match(/"ip_protocol":17/g) ?? []).length >= 30, '30 datagrams');
    await packetlog.end();
    const { records, ledger } = readJsonOutput(packetlog.stdout);
    const datagrams = records.filter(({ ip_protocol }) => ip_protocol === 17);
    expect(datagrams).toHaveLength(30);
    expect(new Set(datagrams.map((record) => record.ifindex)).size).toBe(2);
    expect(datagrams.every((record) => record.interface === 'server1')).toBe(true);
    expect(ledger.interfaces['server1']?.seen).toBe(records.length);
    expect(discrepancies(ledger)).toEqual([]);
  });

  test('a renamed interface stays watched, under its new name', async () => {
    const { client, server } = suite.network;
    const packetlog = await started('--iface', 'server1', '--print', 'json', '--listen', 'off');
    await server.ip('link set server1 down', 'link set server1 name uplink0', 'link set uplink0 up');
    await packetlog.untilPrinted(/Interface server1 is now called uplink0/);
    await server.ip('address replace 198.51.100.2/24 dev uplink0');
    await server.ip('neighbour replace 198.51.100.1 lladdr 02:00:00:00:01:01 dev uplink0 nud permanent');
    await sendUdp(client, { address: '198.51.100.2', count: 4 });
    await packetlog.until(({ stdout }) => stdout.split('\n').length > 4, 'four lines');
    await packetlog.end();
    expect(readJsonOutput(packetlog.stdout).ledger.interfaces['uplink0']?.seen).toBe(4);
  });

  test('an interface name with escape sequences is escaped on the terminal and in JSON', async () => {
    const { server } = suite.network;
    const name = '<b>\u001b[31mx"$';
    await server.exec('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'other0');
    const packetlog = await started('--iface', name, '--print', 'json', '--listen', 'off');
    await packetlog.end();
    // iproute2 does not escape the name in its JSON, so the lab could not parse it.
    await server.exec('ip', 'link', 'delete', name);
    expect(packetlog.stderr).not.toContain('\u001b');
    expect(packetlog.stdout).not.toContain('\u001b');
    expect(Object.keys(readJsonOutput(packetlog.stdout).ledger.interfaces)).toEqual([name]);
  });

  test('a closed output ends the loader without an error', async () => {
    const { client, server } = suite.network;
    const state = 'export PACKETLOG_STATE_DIR=$(mktemp -d); trap \'rm -rf "$PACKETLOG_STATE_DIR"\' EXIT';
    const command = `"${process.execPath}" "${BIN}" --iface server0 --mode native --listen off --log-level warn | head -n 2`;
    const shell = suite.own(startProcess(server, 'bash', ['-c', `${state}; set -o pipefail; ${command}`]));
    await shell.untilPrinted(/Waiting for Ctrl-C/);
    await sendUdp(client, { address: '192.0.2.2', count: 2000, perSecond: 2000 });
    expect(await shell.exited).toEqual({ code: 0, signal: null });
    expect(shell.stdout.trim().split('\n')).toHaveLength(2);
    expect(shell.stderr).toBe('Watching server0 (native with frags)\nWaiting for Ctrl-C...\n');
  });

  test('without a capability to load programs, the error names what is missing', async () => {
    // Still the owner of the files.
    const powerless = ['--bounding-set=-all', '--inh-caps=-all', process.execPath, BIN];
    const packetlog = suite.own(
      startProcess(suite.network.server, 'setpriv', [...powerless, '--iface', 'server0', ...QUIET]),
    );
    expect(await packetlog.exited).toEqual({ code: 4, signal: null });
    expect(packetlog.stderr).toContain('CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON');
  });

  test('text lines begin with the time and have the fields that scripts look for', async () => {
    const packetlog = await started('--iface', 'server0', '--listen', 'off');
    await sendUdp(suite.network.client, { address: '192.0.2.2', count: 1, sourcePorts: [443], ports: [8080] });
    await packetlog.until(({ stdout }) => stdout.includes('ACTION'), 'a line');
    await packetlog.end();
    expect(packetlog.stdout).toMatch(
      /^\d\d:\d\d:\d\d\.\d{6} SRC IP: 192\.0\.2\.1, SRC PORT: 443, +DST IP: 192\.0\.2\.2, DST PORT: 8080, +PROTO: UDP, .*ACTION: permit\n$/,
    );
    expect(packetlog.stderr).toContain(
      'server0: 1 packets seen (74 bytes), 1 permitted; 1 recorded, 0 lost in the ring',
    );
  });

  test('--netns watches another namespace from outside', async () => {
    const { client, server, link } = suite.network;
    const path = [BIN, '--netns', server.name, '--iface', 'server0', '--print', 'json', '--listen', 'off'];
    const child = spawn(process.execPath, path, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text: Buffer) => {
      stdout += text.toString();
    });
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    try {
      await until(() => stderr.includes('Waiting for Ctrl-C'), { what: 'the loader', evidence: () => stderr });
      await sendUdp(client, { address: '192.0.2.2', count: 9 });
      await untilArrived(link.server, 9);
      child.kill('SIGINT');
      expect(await once(child, 'close')).toEqual([0, null]);
      expect(readJsonOutput(stdout).ledger.interfaces['server0']?.seen).toBe(9);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
