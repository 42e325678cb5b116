/**
 * The real fail2ban with PacketLog's action: bans, unbans, crash and restart. It runs in the lab's namespace with its
 * own configuration, socket and database. Needs root.
 */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Rule } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabProcess, PACKETLOG, startPacketlog, startProcess } from '../lab/process.ts';
import { programPath } from '../lab/program.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { listed, makeRulesPlace, type RulesPlace, rulesDone } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const DEPLOY = fileURLToPath(new URL('../../deploy/fail2ban', import.meta.url));
const MANY = 100;
const DAY = 86_400;

describe.skipIf(!requireRoot())('fail2ban', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let place: RulesPlace;
  let directory: string;
  beforeEach(async () => {
    place = makeRulesPlace();
    directory = mkdtempSync(join(tmpdir(), 'packetlog-fail2ban-'));
    configure(directory);
    const args = ['--iface', 'server0', '--print', 'none', '--listen', 'off'];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
  });
  afterEach(async () => {
    // The worker for restored bans ends a second after the last of them.
    await until(() => readdirSync(directory).every((name) => !name.endsWith('.batch')), { what: 'no batch' });
    place.remove();
    rmSync(directory, { recursive: true });
  });

  const environment = () => ({
    ...place.env,
    PATH: `${join(directory, 'bin')}:${process.env['PATH']}`,
    // Of the unpacked package.
    PYTHONPATH: join(dirname(programPath('usr/bin/fail2ban-server')), '../lib/python3/dist-packages'),
  });
  const python = (program: string, ...args: string[]) =>
    suite.own(
      startProcess(suite.network.server, 'python3', [programPath(`usr/bin/${program}`), ...args], environment()),
    );
  const files = () => ['-c', directory, '-s', join(directory, 'socket'), '-p', join(directory, 'pid')];

  async function start(): Promise<LabProcess> {
    const server = python('fail2ban-server', ...files(), '-xf', 'start');
    await server.untilPrinted(/Server ready/);
    return server;
  }

  async function client(...args: string[]): Promise<string> {
    const asked = python('fail2ban-client', ...files(), ...args);
    expect((await asked.exited).code, asked.stderr + asked.stdout).toBe(0);
    return asked.stdout.trim();
  }

  const bans = async (jail = 'sshd') =>
    (await listed(place)).rules.filter(({ action, reason }) => action === 'deny' && reason === `fail2ban ${jail}`);
  const facts = (rules: readonly Rule[]) =>
    rules.map(({ source, expires_at = '' }) => `${source} ${Date.parse(expires_at)}`).sort();

  test('bans once, in the kernel, with the end and the jail, and unbans', async () => {
    const { client: sender, server, link } = suite.network;
    const fail2ban = await start();
    const since = Date.now();
    await client('set', 'sshd', 'banip', link.client.ipv4, '203.0.113.9');
    await client('set', 'sshd', 'banip', link.client.ipv4);
    await until(async () => (await bans()).length === 2, { what: 'two rules', evidence: () => fail2ban.stdout });
    const [first] = await bans();
    expect(first).toMatchObject({ source: link.client.ipv4, action: 'deny', reason: 'fail2ban sshd' });
    const end = Date.parse(first?.expires_at ?? '');
    expect(end).toBeGreaterThan(since + (DAY - 60) * 1000);
    expect(end).toBeLessThan(Date.now() + (DAY + 60) * 1000);

    const receiver = await receiveUdp(server, link.server.ipv4, 9);
    const { sent } = await sendUdp(sender, { address: link.server.ipv4, count: 20 });
    const hits = async () => (await listed(place)).rules.find(({ id }) => id === first?.id)?.packets;
    await until(async () => (await hits()) === sent, { what: 'the hits' });
    expect((await receiver.received()).received).toBe(0);

    // A rule of another origin with the same address stays.
    await rulesDone(server, place, 'add', 'deny', '203.0.113.9', '--port', '25', '--protocol', 'tcp');
    await client('set', 'sshd', 'unbanip', link.client.ipv4);
    await client('set', 'sshd', 'unbanip', '203.0.113.9');
    expect(await bans()).toEqual([]);
    expect((await listed(place)).rules.map(({ source }) => source)).toEqual(['203.0.113.9']);
    await fail2ban.end();
    expect(fail2ban.stdout).not.toMatch(/ERROR/);
  });

  test('a ban of a protected address fails, and fail2ban logs the reason', async () => {
    const { server } = suite.network;
    await server.ip(`route add default via ${suite.network.link.client.ipv4}`);
    const fail2ban = await start();
    await client('set', 'sshd', 'banip', suite.network.link.client.ipv4);
    await fail2ban.untilPrinted(/gateway/);
    expect(await bans()).toEqual([]);
    await fail2ban.end();
  });

  test('neither loses nor doubles bans, and moves no end, when it crashes or restarts', async () => {
    const addresses = Array.from({ length: MANY }, (_, i) => `203.0.${112 + (i >> 8)}.${i & 255}`);
    const first = await start();
    await client('set', 'sshd', 'banip', '198.51.100.7', '198.51.100.8');
    await client('set', 'forever', 'banip', '198.51.100.9');
    await until(async () => (await bans()).length === 2 && (await bans('forever')).length === 1, { what: 'the bans' });
    await first.end('SIGKILL');
    const ends = facts(await bans());
    expect((await bans('forever'))[0]?.expires_at).toBeUndefined();

    // Bans that fail2ban knows, and whose rules are missing: as after a restart of the machine without the rules file.
    await ban(addresses);
    const expected = [...ends, ...addresses.map((address) => `${address} ${endOf(addresses.indexOf(address))}`)].sort();
    const second = await start();
    await until(async () => (await bans()).length === MANY + 2, { what: 'the restored bans' });
    expect(facts(await bans())).toEqual(expected);
    expect(await bans('forever')).toHaveLength(1);

    // Its normal end lifts the bans of each jail in one change; the next start restores them.
    const before = second.stdout;
    await client('stop');
    await second.exited;
    expect(before.match(/.*(returned|Failed to).*/g) ?? []).toEqual([]);
    expect(await bans()).toEqual([]);
    expect(await bans('forever')).toEqual([]);
    const third = await start();
    await until(async () => (await bans()).length === MANY + 2, { what: 'the bans after the restart' });
    expect(facts(await bans())).toEqual(expected);
    await client('unban', '--all');
    await until(async () => (await listed(place)).rules.length === 0, { what: 'no rule' });
    await third.end();
  });

  const BANNED_AT = Math.floor(Date.now() / 1000) - 600;
  const endOf = (index: number) => (BANNED_AT + index + DAY) * 1000;

  /** Writes bans into fail2ban's database while it does not run. */
  async function ban(addresses: readonly string[]): Promise<void> {
    const rows = addresses.map((address, i) => ['sshd', address, BANNED_AT + i, DAY, 1, '{"matches":[],"failures":1}']);
    const script = `import json, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.executemany('INSERT INTO bips(jail, ip, timeofban, bantime, bancount, data) VALUES (?, ?, ?, ?, ?, ?)', json.load(sys.stdin))
database.commit()`;
    const child = suite.network.server.spawn('python3', ['-c', script, join(directory, 'database')], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    child.stdin?.end(JSON.stringify(rows));
    await new Promise((resolve) => child.once('close', resolve));
    expect(child.exitCode).toBe(0);
  }
});

/** Writes the smallest configuration, with PacketLog's action as it is installed. */
function configure(directory: string): void {
  for (const name of ['action.d', 'filter.d', 'bin']) mkdirSync(join(directory, name));
  cpSync(join(DEPLOY, 'action.d/packetlog.conf'), join(directory, 'action.d/packetlog.conf'));
  const command = join(directory, 'bin/packetlog');
  writeFileSync(command, `#!/bin/sh\nexec ${process.execPath} ${PACKETLOG} "$@"\n`);
  chmodSync(command, 0o755);
  writeFileSync(join(directory, 'filter.d/lab.conf'), '[Definition]\nfailregex = ^denied <HOST>$\n');
  writeFileSync(join(directory, 'log'), '');
  writeFileSync(
    join(directory, 'fail2ban.conf'),
    `[Definition]
loglevel = INFO
logtarget = STDOUT
syslogsocket = auto
socket = ${directory}/socket
pidfile = ${directory}/pid
dbfile = ${directory}/database
dbpurgeage = 10d
dbmaxmatches = 0
`,
  );
  const jail = (name: string, bantime: number) => `[${name}]
enabled = true
backend = polling
filter = lab
logpath = ${directory}/log
bantime = ${bantime}
findtime = 600
maxretry = 5
action = packetlog[name=${name}, command=${DEPLOY}/packetlog-fail2ban, spool=${directory}]
`;
  writeFileSync(join(directory, 'jail.conf'), `${jail('sshd', DAY)}\n${jail('forever', -1)}`);
}
