// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/** Bans against real tools of attackers. Needs root, hydra, slowhttptest, hping3 and dropbear. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ban, Decision } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { exchangeTcp, startTcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { startHttpServer } from './ordinary-traffic.ts';
import { done, listed, makeRulesPlace, type RulesPlace } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const SSH_PORT = 2222;
const HTTP_PORT = 8000;
const LIMIT = 20;
const PATIENCE = { deadlineMs: 60_000 };

describe.skipIf(!requireRoot())('a limit of connections that bans', { timeout: 240_000 }, () => {
  let place: RulesPlace;
  let directory: string;
  beforeEach(() => {
    place = makeRulesPlace();
    directory = mkdtempSync(join(tmpdir(), 'packetlog-labs-'));
  });
  const suite = eachWithNetwork({ ipv6: false });
  afterEach(() => {
    place.remove();
    rmSync(directory, { recursive: true });
  });

  /** Starts a loader with an enforced limit of a port. */
  async function limited(port: number): Promise<void> {
    const args = ['--iface', 'server0', '--listen', 'off', '--print', 'none', '--pin', 'never'];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const numbers = { rate: `${LIMIT}/min`, measure: 'connections', then: 'ban:1h..24h', enforce: true } as const;
    await done(place, 'add', {
      rule: { action: 'limit', source: 'any', protocol: 'tcp', destination_port: port, ...numbers },
      now: true,
    });
    await done(place, 'confirm', {});
  }

  async function bans(...args: string[]): Promise<string> {
    const command = startPacketlog(suite.network.server, { args: ['bans', ...args], env: place.env });
    const { code } = await command.exited;
    if (code !== 0)
      throw new Error(`packetlog bans ${args.join(' ')}: exit code ${code}\n${command.stdout}${command.stderr}`);
    return command.stdout;
  }
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');
  const active = async () => lines(await bans('list', '--json')).map((line) => JSON.parse(line) as Ban);
  const decisions = async (source: string) =>
    lines(await bans('why', source, '--json')).map((line) => JSON.parse(line) as Decision);
  /** The next ban of a source. */
  const banOf = (source: string, evidence: () => string) =>
    until(async () => (await active()).find((ban) => ban.source === source), {
      what: 'the ban',
      ...PATIENCE,
      evidence,
    });

  test('bans hydra, which guesses passwords of a real ssh server, and says why', async () => {
    const { client, server, link } = suite.network;
    const { ipv4 } = link.server;
    await server.exec('dropbearkey', '-t', 'ed25519', '-f', join(directory, 'key'));
    const args = ['-F', '-E', '-p', `${ipv4}:${SSH_PORT}`, '-r', join(directory, 'key'), '-P', join(directory, 'pid')];
    const sshd = suite.own(startProcess(server, 'dropbear', args));
    await sshd.untilPrinted(/Not backgrounding/);
    await limited(SSH_PORT);
    const words = join(directory, 'words');
    writeFileSync(words, Array.from({ length: 400 }, (_, i) => `guess${i}\n`).join(''));
    // It writes a file into its working directory when it is ended.
    const hydra = suite.own(
      startProcess(client, 'sh', [
        '-c',
        'cd "$0" && exec hydra "$@"',
        directory,
        '-l',
        'root',
        '-P',
        words,
        '-t',
        '4',
        '-I',
        '-s',
        `${SSH_PORT}`,
        `ssh://${ipv4}`,
      ]),
    );
    const ban = await banOf(link.client.ipv4, () => `${hydra.stdout}\n${hydra.stderr}\n${sshd.stderr}`);
    expect(ban).toMatchObject({ strike: 1, limit_rule: 1 });
    const [decision] = await decisions(link.client.ipv4);
    expect(decision).toMatchObject({ kind: 'ban', source: link.client.ipv4, strike: 1, duration_ms: 3_600_000 });
    expect(decision?.connections).toBeGreaterThan(LIMIT);
    expect(decision?.guards.every(({ passed }) => passed)).toBe(true);
    expect(decision?.samples.length).toBeGreaterThan(0);
    expect(await bans('why', link.client.ipv4)).toMatch(
      /banned for 1 h: \d+ connection.* to tcp port 2222 in .*limit 20\/min/,
    );
    await hydra.end('SIGTERM');
  });

  test('bans slowhttptest, which holds connections of a web server open', async () => {
    const { client, server, link } = suite.network;
    suite.own(await startHttpServer(server, link.server.ipv4));
    await limited(HTTP_PORT);
    const url = `http://${link.server.ipv4}:${HTTP_PORT}/page`;
    const slow = suite.own(
      startProcess(client, 'slowhttptest', ['-c', '100', '-H', '-r', '50', '-i', '1', '-l', '60', '-u', url]),
    );
    await banOf(link.client.ipv4, () => slow.stdout.slice(-2000));
    await slow.end('SIGKILL');
  });

  test('does not ban forged sources, nor the client in whose name hping3 sends, which loses nothing', async () => {
    const { client, server, link } = suite.network;
    const echo = await startTcpEcho(server, link.server.ipv4);
    await limited(echo.port);
    const exchange = () =>
      exchangeTcp(client, { address: link.server.ipv4, port: echo.port, connections: 1, bytes: 1000 });
    expect(await exchange()).toMatchObject({ echoed: 1000 });
    const flood = ['-q', '-S', '-p', `${echo.port}`, '-i', 'u1000', '-c', '3000'];
    await client.exec('hping3', ...flood, '-a', link.client.ipv4, link.server.ipv4).catch(() => undefined);
    await client.exec('hping3', ...flood, '--rand-source', link.server.ipv4).catch(() => undefined);
    expect(await exchange()).toMatchObject({ echoed: 1000 });
    await until(async () => (await listed(place)).rules[0]?.packets === 2, { what: 'two verified connections' });
    expect(await active()).toEqual([]);
  });
});
