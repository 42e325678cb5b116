/** `packetlog query` and `packetlog forget` on what a loader records, against the sender's counts. Needs root. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { ethernet, ipv4, udp } from '../lab/frame.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendFrames, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { type CommandResult, done, makeRulesPlace, type RulesPlace, startEnforcing } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const DENIED_PORT = 4000;
const PERMITTED_PORT = 4001;
const OTHER_SOURCES = ['203.0.113.77', '203.0.113.78'];
const FRAMES_EACH = 40;
const [DENIED, PERMITTED] = [300, 200];
const OTHERS = OTHER_SOURCES.length * FRAMES_EACH;
const SENT = DENIED + PERMITTED + OTHERS;

describe.skipIf(!requireRoot())('packetlog query', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let place: RulesPlace;
  let parent: string;
  let directory: string;
  beforeEach(() => {
    place = makeRulesPlace();
    parent = mkdtempSync(join(tmpdir(), 'packetlog-query-'));
    // The core is not root.
    chmodSync(parent, 0o755);
    directory = join(parent, 'record');
  });
  afterEach(() => {
    place.remove();
    rmSync(parent, { recursive: true, force: true });
  });

  async function command(...args: string[]): Promise<CommandResult> {
    const process = suite.own(startPacketlog(suite.network.server, { args: [...args, '--dir', directory] }));
    const { code } = await process.exited;
    return { code, stdout: process.stdout, stderr: process.stderr };
  }
  const count = async (...filter: string[]) => Number((await command('query', '--count', ...filter)).stdout);
  const objects = (lines: string) =>
    lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string | number>);

  test('counts what the sender sent while the loader runs; forget removes a source once it has stopped', async () => {
    const { client, server, link } = suite.network;
    const options = ['--print', 'none', '--sample', 'off', '--record-dir', directory];
    const packetlog = suite.own(await startEnforcing(server, place, ...options));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    await done(place, 'add', {
      rule: { action: 'deny', source: link.client.ipv4, protocol: 'udp', destination_port: DENIED_PORT },
    });
    const address = link.server.ipv4;
    await sendUdp(client, { address, ports: [DENIED_PORT], count: DENIED });
    await sendUdp(client, { address, ports: [PERMITTED_PORT], count: PERMITTED });
    const frames = OTHER_SOURCES.map((src) => ethernet(ipv4({ src, dst: address }, udp({ dst: PERMITTED_PORT }))));
    expect((await sendFrames(link.client, frames, { repeat: FRAMES_EACH })).sent).toBe(OTHERS);
    await untilArrived(link.server, SENT);
    await until(async () => (await count()) === SENT, { what: 'a count of all packets' });

    expect(await count('deny')).toBe(DENIED);
    expect(await count('--from', '-1h', 'iface', 'server0')).toBe(SENT);
    expect(await count('--to', '-1h')).toBe(0);
    const { stdout: top, stderr } = await command('query', '--top', 'source', '--limit', '2', '--print', 'json');
    expect(objects(top)).toEqual([
      { src_addr: link.client.ipv4, packets: DENIED + PERMITTED, bytes: expect.any(Number), share: 0.862069 },
      {
        src_addr: expect.stringMatching(/^203\.0\.113\.7[78]$/),
        packets: FRAMES_EACH,
        bytes: expect.any(Number),
        share: 0.068966,
      },
      { src_addr: 'others', packets: FRAMES_EACH, bytes: expect.any(Number), share: 0.068966 },
    ]);
    expect(stderr).toMatch(/^source: 3 distinct\n.* UTC: 580 packets, complete\n$/);
    const hours = objects((await command('query', '--by', 'hour', '--print', 'json')).stdout);
    expect(hours.reduce((sum, { denied }) => sum + Number(denied), 0)).toBe(DENIED);
    expect(hours.reduce((sum, { packets }) => sum + Number(packets), 0)).toBe(SENT);
    const byMinute = ['query', '--top', 'source', '--limit', '1', '--by', 'minute', '--print', 'json'];
    const minutes = objects((await command(...byMinute, 'udp')).stdout);
    const packetsOf = (source: string) =>
      minutes.filter(({ src_addr }) => src_addr === source).reduce((sum, { packets }) => sum + Number(packets), 0);
    expect([packetsOf(link.client.ipv4), packetsOf('others')]).toEqual([DENIED + PERMITTED, OTHERS]);
    expect(minutes.every(({ timestamp_ns }) => BigInt(timestamp_ns ?? 1) % 60_000_000_000n === 0n)).toBe(true);
    expect(await command('query', '--by', 'minute', '--limit', '3')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("without '--top <name>'"),
    });
    const newest = objects((await command('query', '--limit', '1', '--print', 'json')).stdout);
    expect(newest).toEqual([expect.objectContaining({ interface: 'server0', dst_port: PERMITTED_PORT })]);

    const forget = ['forget', '--source', link.client.ipv4];
    expect(await command(...forget, '--yes')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('packetlog records in this directory. Stop it'),
    });
    expect(await count()).toBe(SENT);
    expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });
    expect((await command(...forget)).stderr).toContain('it is not a terminal. Add --yes');
    expect((await command(...forget, '--yes')).stdout).toContain(`Removed ${DENIED + PERMITTED} records in 1 file of`);
    const rest = await command('query', '--count');
    expect(rest.stdout).toBe(`${OTHERS}\n`);
    expect(rest.stderr).toContain(`removed by packetlog forget: ${DENIED + PERMITTED} records`);

    // The next loader goes on in the same directory: its files are still those of its user.
    const next = suite.own(await startEnforcing(server, place, ...options));
    await next.untilPrinted(/Waiting for Ctrl-C/);
    await sendUdp(client, { address, ports: [PERMITTED_PORT], count: 10 });
    await until(async () => (await count()) === OTHERS + 10, { what: 'a count of later packets' });
    expect(await next.end('SIGINT')).toEqual({ code: 0, signal: null });
    expect(next.stderr).not.toMatch(/Recording to .* stopped/);
  });
});
