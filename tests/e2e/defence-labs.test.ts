/** Bans against real tools of attackers. Needs root, hydra, slowhttptest, hping3 and dropbear. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { exchangeTcp, startTcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { eachWithBanLab, LIMIT } from './ban-lab.ts';
import { HTTP_PORT, pageUrl, startHttpServer } from './ordinary-traffic.ts';
import { listed } from './rules-command.ts';

/** The port whose peers the lockout guard protects from changes of rules. */
const SSH_PORT = 22;

describe.skipIf(!requireRoot())('a limit of connections that bans', { timeout: 240_000 }, () => {
  const lab = eachWithBanLab();
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-labs-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('bans hydra, which guesses passwords of a real ssh server, and says why', async () => {
    const { client, server, link } = lab.network;
    const { ipv4 } = link.server;
    await server.exec('dropbearkey', '-t', 'ed25519', '-f', join(directory, 'key'));
    const args = ['-F', '-E', '-p', `${ipv4}:${SSH_PORT}`, '-r', join(directory, 'key'), '-P', join(directory, 'pid')];
    const sshd = lab.own(startProcess(server, 'dropbear', args));
    await sshd.untilPrinted(/Not backgrounding/);
    await lab.limited(SSH_PORT);
    const words = join(directory, 'words');
    writeFileSync(words, Array.from({ length: 400 }, (_, i) => `guess${i}\n`).join(''));
    // It writes a file into its working directory when it is ended.
    const hydra = lab.own(
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
    const ban = await lab.banOf(link.client.ipv4, () => `${hydra.stdout}\n${hydra.stderr}\n${sshd.stderr}`);
    expect(ban).toMatchObject({ strike: 1, limit_rule: 1 });
    const [decision] = await lab.decisions(link.client.ipv4);
    expect(decision).toMatchObject({ kind: 'ban', source: link.client.ipv4, strike: 1, duration_ms: 3_600_000 });
    expect(decision?.connections).toBeGreaterThan(LIMIT);
    expect(decision?.guards.every(({ passed }) => passed)).toBe(true);
    expect(decision?.samples.length).toBeGreaterThan(0);
    expect(await lab.bans('why', link.client.ipv4)).toMatch(
      /banned for 1 h: \d+ connection.* to tcp port 22 in .*limit 20\/min/,
    );
    await hydra.end('SIGTERM');
  });

  test('bans slowhttptest, which holds connections of a web server open', async () => {
    const { client, server, link } = lab.network;
    lab.own(await startHttpServer(server, link.server.ipv4));
    await lab.limited(HTTP_PORT);
    const url = pageUrl(link.server.ipv4);
    const slow = lab.own(
      startProcess(client, 'slowhttptest', ['-c', '100', '-H', '-r', '50', '-i', '1', '-l', '60', '-u', url]),
    );
    await lab.banOf(link.client.ipv4, () => slow.stdout.slice(-2000));
    await slow.end('SIGKILL');
  });

  test('does not ban forged sources, nor the client in whose name hping3 sends, which loses nothing', async () => {
    const { client, server, link } = lab.network;
    const echo = await startTcpEcho(server, link.server.ipv4);
    await lab.limited(echo.port);
    const exchange = () =>
      exchangeTcp(client, { address: link.server.ipv4, port: echo.port, connections: 1, bytes: 1000 });
    expect(await exchange()).toMatchObject({ echoed: 1000 });
    const flood = ['-q', '-S', '-p', `${echo.port}`, '-i', 'u1000', '-c', '3000'];
    await client.exec('hping3', ...flood, '-a', link.client.ipv4, link.server.ipv4).catch(() => undefined);
    await client.exec('hping3', ...flood, '--rand-source', link.server.ipv4).catch(() => undefined);
    expect(await exchange()).toMatchObject({ echoed: 1000 });
    await until(async () => (await listed(lab.place)).rules[0]?.packets === 2, { what: 'two verified connections' });
    expect(await lab.active()).toEqual([]);
  });
});
