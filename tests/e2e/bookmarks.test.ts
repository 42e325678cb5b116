/** `packetlog bookmarks` with a loader that records, and without one. Needs root. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startPacketlog } from '../lab/process.ts';
import { recordsIn } from '../lab/recorded.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { type CommandResult, makeRulesPlace, type RulesPlace, startEnforcing } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const SENT = 300;

describe.skipIf(!requireRoot())('packetlog bookmarks', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let place: RulesPlace;
  let parent: string;
  let directory: string;
  beforeEach(() => {
    place = makeRulesPlace();
    parent = mkdtempSync(join(tmpdir(), 'packetlog-bookmarks-'));
    // The core is not root.
    chmodSync(parent, 0o755);
    directory = join(parent, 'record');
  });
  afterEach(() => {
    place.remove();
    rmSync(parent, { recursive: true, force: true });
  });

  async function command(...args: string[]): Promise<CommandResult> {
    const process = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    const { code } = await process.exited;
    return { code, stdout: process.stdout, stderr: process.stderr };
  }
  const listed = async (...more: string[]) =>
    (await command('bookmarks', 'list', '--print', 'json', ...more)).stdout
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));

  test('are added, listed, exported and removed while packetlog runs, and listed when it does not', async () => {
    const { client, server, link } = suite.network;
    const options = ['--print', 'none', '--sample', 'off', '--record-dir', directory];
    const packetlog = suite.own(await startEnforcing(server, place, ...options));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    expect(await command('bookmarks', 'add', '--from', '2020-01-01', '--to', '2020-01-02')).toMatchObject({
      code: 1,
      stderr: 'packetlog: No packets are recorded in this range. Choose another one.\n',
    });
    const before = Date.now();
    await sendUdp(client, { address: link.server.ipv4, ports: [4000], count: SENT });
    await until(async () => recordsIn(directory) >= SENT, { what: 'all packets on the disk' });

    const added = await command('bookmarks', 'add', '--from', '-1h', '--note', 'by a command');
    expect(added).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Bookmark 1 keeps .* to .* UTC: [\d,]+ bytes in whole segments\.\n$/),
    });
    await command('bookmarks', 'add', '--from', '-2h', '--to', 'now', '--note', 'another');
    const bookmarks = await listed();
    expect(bookmarks).toMatchObject([
      { id: 1, note: 'by a command', bytes: expect.any(Number) },
      { id: 2, note: 'another' },
    ]);
    expect(Number(bookmarks[0]?.['from_ms'])).toBeLessThan(before - 3_590_000);
    expect(Number(bookmarks[0]?.['to_ms'])).toBeGreaterThan(before);
    expect((await command('bookmarks', 'list')).stdout).toMatch(/^id {2}from \(UTC\) .*\n 1 .* by a command\n 2 /);
    const exported = await command('segments', 'export', '--bookmark', '1', '--filter', 'udp', '--dir', directory);
    expect(exported.stdout.trimEnd().split('\n')).toHaveLength(SENT);
    expect(await command('bookmarks', 'remove', '2', '7')).toMatchObject({
      code: 1,
      stdout: 'Bookmark 2 was removed; its packets are no longer kept.\n',
      stderr: 'packetlog: There is no bookmark 7; it may have been removed. See packetlog bookmarks list.\n',
    });
    expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });

    expect(await listed('--dir', directory)).toMatchObject([
      { id: 1, note: 'by a command', bytes: expect.any(Number) },
    ]);
    expect(await command('bookmarks', 'remove', '1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('packetlog is not running. Start it'),
    });
  });
});
